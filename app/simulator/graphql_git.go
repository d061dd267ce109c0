package simulator

import (
	"path"
	"strconv"
	"strings"
	"unicode/utf8"
)

// gitFields are the fields of git's objects.
func (e *execution) gitFields(o *gitObject) map[string]any {
	fields := map[string]any{"id": strings.ToUpper(o.kind[:1]) + "_" + o.sha, "oid": o.sha, "abbreviatedOid": o.sha[:7], "repository": o.repo}
	switch o.kind {
	case "blob":
		e.blobFields(o, fields)
	case "tree":
		fields["entries"] = resolver(func(map[string]any) (any, error) { return o.entries() })
	case "commit":
		e.commitFields(o, fields)
	}
	return fields
}

// maxText is where GraphQL cuts the text of a blob, in bytes. Source: https://github.com/sveltia/sveltia-cms/issues/950.
const maxText = 512_000

// blobFields: text is null for binary files (GQL). For text that is not UTF-8 isBinary is null ("unable to determine
// the encoding", GQL), and the text too: what GitHub does there is not known.
func (e *execution) blobFields(o *gitObject, fields map[string]any) {
	_, _, content, err := o.repo.objects.read(o.sha)
	if err != nil {
		content = nil
	}
	fields["byteSize"], fields["isTruncated"] = len(content), len(content) > maxText
	fields["isBinary"], fields["text"] = false, nil
	switch {
	case strings.IndexByte(string(content[:min(len(content), 8000)]), 0) >= 0:
		fields["isBinary"], fields["isTruncated"] = true, false
	case !utf8.Valid(content):
		fields["isBinary"] = nil
	default:
		fields["text"] = string(content[:min(len(content), maxText)])
	}
}

func (o *gitObject) entries() (any, error) {
	_, entries, err := o.repo.objects.tree(o.sha)
	if err != nil {
		return nil, err
	}
	list := []any{}
	for _, entry := range entries {
		mode, err := strconv.ParseInt(entry.mode, 8, 32)
		if err != nil {
			return nil, err
		}
		list = append(list, o.repo.graphEntry(entry, mode, path.Join(o.path, entry.name)))
	}
	return list, nil
}

// graphEntry is an entry of a tree. Mode is git's octal mode as a number.
func (r *Repository) graphEntry(entry treeEntry, mode int64, at string) *record {
	child := &gitObject{repo: r, sha: entry.sha, kind: entry.kind, path: at}
	fields := map[string]any{"name": entry.name, "mode": mode, "oid": entry.sha, "type": entry.kind, "path": at,
		"size": resolver(func(map[string]any) (any, error) {
			if entry.kind != "blob" {
				return 0, nil
			}
			_, _, content, err := r.objects.read(entry.sha)
			return len(content), err
		}),
		"object": resolver(func(map[string]any) (any, error) {
			if entry.kind == "commit" {
				return nil, nil // a submodule's commit is in another repository
			}
			return child, nil
		}),
	}
	return &record{"TreeEntry", fields}
}

func (e *execution) commitFields(o *gitObject, fields map[string]any) {
	c, err := o.repo.readCommit(o.sha)
	if err != nil {
		return
	}
	headline, _, _ := strings.Cut(c.Message, "\n")
	fields["message"], fields["messageHeadline"] = c.Message, headline
	fields["authoredDate"], fields["committedDate"] = graphTime(c.At), graphTime(c.At)
	fields["tree"] = &gitObject{repo: o.repo, sha: c.Tree, kind: "tree"}
	fields["file"] = resolver(func(args map[string]any) (any, error) { return o.repo.graphFile(o.sha, argument(args["path"])) })
	fields["checkSuites"] = resolver(func(args map[string]any) (any, error) {
		if !e.call.token.may(grant{"checks", "read"}) {
			return nil, forbidden()
		}
		return connection("CheckSuiteConnection", o.repo.suitesOf(o.sha, args["filterBy"]))(args)
	})
	fields["associatedPullRequests"] = resolver(func(args map[string]any) (any, error) {
		if !e.call.token.may(grant{"pull_requests", "read"}) {
			return nil, forbidden()
		}
		var list []*Pull
		for _, p := range o.repo.pulls {
			if p.hasCommit(o.sha) {
				list = append(list, p)
			}
		}
		return connection("PullRequestConnection", list)(args)
	})
}

// graphFile finds one entry of a commit's tree.
func (r *Repository) graphFile(commit, at string) (any, error) {
	parent := path.Dir(at)
	if parent == "." {
		parent = ""
	}
	_, entries, err := r.objects.tree(commit + ":" + parent)
	if err != nil {
		return nil, nil //nolint:nilerr // no such directory: no such file
	}
	for _, entry := range entries {
		if entry.name == path.Base(at) {
			mode, err := strconv.ParseInt(entry.mode, 8, 32)
			return r.graphEntry(entry, mode, at), err
		}
	}
	return nil, nil
}

func (r *Repository) suitesOf(sha string, filter any) []*checkSuite {
	want, _ := filter.(map[string]any)
	var list []*checkSuite
	for _, cs := range r.suites {
		app := r.sim.app.id
		if !cs.own {
			app = foreignAppID
		}
		if cs.sha == sha && (want["appId"] == nil || int64(number(want["appId"])) == app) &&
			(want["checkName"] == nil || cs.hasRun(argument(want["checkName"]))) {
			list = append(list, cs)
		}
	}
	return list
}

func (cs *checkSuite) hasRun(name string) bool {
	for _, run := range cs.runs() {
		if run.name == name {
			return true
		}
	}
	return false
}

func (cs *checkSuite) runs() []*checkRun {
	var list []*checkRun
	for _, run := range cs.repo.checkRuns {
		if run.suite == cs {
			list = append(list, run)
		}
	}
	return list
}

func (e *execution) suiteFields(cs *checkSuite) map[string]any {
	status, conclusion := cs.outcome()
	return map[string]any{
		"id": cs.nodeID, "databaseId": graphInt(cs.id), "status": strings.ToUpper(status),
		"conclusion": orNil(strings.ToUpper(conclusion)), "app": e.graphApp(cs.own),
		"checkRuns": resolver(func(args map[string]any) (any, error) {
			want, _ := args["filterBy"].(map[string]any)
			for key := range want {
				if key != "checkName" && key != "appId" {
					return nil, e.unsupported("CheckRunFilter." + key)
				}
			}
			var list []*checkRun
			for _, run := range cs.runs() {
				if want["checkName"] == nil || argument(want["checkName"]) == run.name {
					list = append(list, run)
				}
			}
			return connection("CheckRunConnection", list)(args)
		}),
	}
}

func (e *execution) graphApp(own bool) *record {
	if !own {
		return &record{"App", map[string]any{"id": "A_foreign", "databaseId": foreignAppID, "slug": "another-app", "name": "Another App"}}
	}
	app := e.call.sim.app
	return &record{"App", map[string]any{"id": app.nodeID, "databaseId": graphInt(app.id), "slug": app.slug, "name": app.name}}
}
