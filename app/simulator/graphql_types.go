package simulator

import (
	"encoding/base64"
	"math"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// record is an object of GraphQL that has no type of its own here: its fields are values, or functions of the
// arguments.
type record struct {
	kind   string
	fields map[string]any
}

// gitObject is a commit, tree, blob or tag of a repository.
type gitObject struct {
	repo *Repository
	sha  string
	kind string // git's: "commit", "tree", "blob", "tag"
	path string // from the root, where it is known
}

// resolver answers one field.
type resolver = func(args map[string]any) (any, error)

// typename names the type of a value.
func (e *execution) typename(value any, declared string) string {
	switch v := value.(type) {
	case *record:
		return v.kind
	case *Repository:
		return "Repository"
	case *Pull:
		return "PullRequest"
	case *thread:
		return "PullRequestReviewThread"
	case *reviewComment:
		return "PullRequestReviewComment"
	case *review:
		return "PullRequestReview"
	case *issueComment:
		return "IssueComment"
	case *checkSuite:
		return "CheckSuite"
	case *checkRun:
		return "CheckRun"
	case *user:
		if declared == "User" {
			return declared
		}
		return v.kind
	case *gitObject:
		return strings.ToUpper(v.kind[:1]) + v.kind[1:]
	}
	return declared
}

// field finds the value of a field. A field that the schema has and nobody resolves is recorded as unknown.
func (e *execution) field(fields map[string]any, kind, name string, args map[string]any) (any, error) {
	v, found := fields[name]
	if !found {
		e.call.sim.unknown = append(e.call.sim.unknown, "POST /graphql: no resolver for "+kind+"."+name)
		return nil, &graphError{"", "The simulator does not resolve " + kind + "." + name}
	}
	if f, lazy := v.(resolver); lazy {
		return f(args)
	}
	return v, nil
}

// fields lists the fields of a value.
func (e *execution) fields(value any) map[string]any {
	switch v := value.(type) {
	case *record:
		switch v.kind {
		case "Query":
			return e.queryFields()
		case "Mutation":
			return e.mutationFields()
		}
		return v.fields
	case *Repository:
		return e.repositoryFields(v)
	case *Pull:
		return e.pullFields(v)
	case *thread:
		return e.threadFields(v)
	case *reviewComment:
		return e.reviewCommentFields(v)
	case *review:
		return e.reviewFields(v)
	case *issueComment:
		return e.issueCommentFields(v)
	case *user:
		return map[string]any{"id": v.nodeID, "login": e.login(v), "databaseId": graphInt(v.id), "name": v.login}
	case *gitObject:
		return e.gitFields(v)
	case *checkSuite:
		return e.suiteFields(v)
	case *checkRun:
		return map[string]any{"id": v.nodeID, "databaseId": graphInt(v.id), "name": v.name, "status": strings.ToUpper(v.status),
			"conclusion": orNil(strings.ToUpper(v.conclusion)), "externalId": orNil(v.externalID)}
	}
	return nil
}

// login shows a bot without "[bot]", except to itself as viewer.
func (e *execution) login(u *user) string { return u.graphLogin() }

// graphInt is a number of the type Int. Above 32 bits it is an error, as by the language's specification
// (https://spec.graphql.org/October2021/#sec-Int): what GitHub answers there is not known.
func graphInt(n int64) any {
	if n > math.MaxInt32 {
		return resolver(func(map[string]any) (any, error) {
			return nil, &graphError{"", "Int cannot represent non 32-bit signed integer value: " + strconv.FormatInt(n, 10)}
		})
	}
	return n
}

// graphTime writes a DateTime.
func graphTime(t time.Time) string { return stamp(t) }

// connection is a page of a list: forwards with first and after, backwards with last and before.
func connection[T any](kind string, list []T) resolver {
	return func(args map[string]any) (any, error) {
		from, to := 0, len(list)
		if after := cursorIndex(args["after"]); after >= 0 {
			from = min(after+1, to)
		}
		if before := cursorIndex(args["before"]); before >= 0 {
			to = max(min(before, to), from)
		}
		if first := number(args["first"]); first > 0 {
			to = min(to, from+first)
		} else if last := number(args["last"]); last > 0 {
			from = max(from, to-last)
		}
		nodes := []any{}
		for _, v := range list[from:to] {
			nodes = append(nodes, v)
		}
		info := map[string]any{"hasNextPage": to < len(list), "hasPreviousPage": from > 0, "startCursor": nil, "endCursor": nil}
		if from < to {
			info["startCursor"], info["endCursor"] = cursor(from), cursor(to-1)
		}
		return &record{kind, map[string]any{"nodes": nodes, "totalCount": len(list), "pageInfo": &record{"PageInfo", info}}}, nil
	}
}

func cursor(index int) string {
	return base64.StdEncoding.EncodeToString([]byte("cursor:v2:" + strconv.Itoa(index)))
}

func cursorIndex(v any) int {
	raw, err := base64.StdEncoding.DecodeString(argument(v))
	if err != nil {
		return -1
	}
	n, err := strconv.Atoi(strings.TrimPrefix(string(raw), "cursor:v2:"))
	if err != nil {
		return -1
	}
	return n
}

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

// unsupported refuses what GitHub has and the simulator has not.
func (e *execution) unsupported(what string) error {
	e.call.sim.unknown = append(e.call.sim.unknown, "POST /graphql: "+what)
	return &graphError{"", "The simulator does not have " + what}
}
