package simulator_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/simulator/conformance"
)

func TestGraphQLState(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.post(remark(fields{"start_line": 10, "line": 11}))
	must(w.pull.Reply(id, "reviewer", "Why?"))(t)
	a := w.graph(`query($n: Int!, $first: Int = 10) {
		viewer { __typename login }
		rateLimit { cost limit remaining nodeCount }
		repository(owner: "ACME", name: "infra") {
			id databaseId nameWithOwner isPrivate owner { __typename login } defaultBranchRef { name target { oid ... on Commit { message } } }
			pullRequest(number: $n) { ...pull }
		}
	}
	fragment pull on PullRequest {
		number state isDraft isCrossRepository baseRefOid headRefOid author { login } headRepository { id }
		reviewThreads(first: $first) { totalCount pageInfo { hasNextPage endCursor }
			nodes { id isResolved isOutdated path line startLine
				comments(first: 20) { totalCount nodes { fullDatabaseId body author { __typename login } viewerDidAuthor isMinimized replyTo { id } } } } }
	}`, map[string]any{"n": 1})
	if a.at("errors") != nil {
		t.Fatal(a.text)
	}
	pull := []any{"data", "repository", "pullRequest"}
	thread := slices.Concat(pull, []any{"reviewThreads", "nodes", 0})
	first := slices.Concat(thread, []any{"comments", "nodes", 0})
	reply := slices.Concat(thread, []any{"comments", "nodes", 1})
	for _, tc := range []struct {
		path []any
		want any
	}{
		{[]any{"data", "viewer", "login"}, "kms-review[bot]"},
		{[]any{"data", "repository", "nameWithOwner"}, "acme/infra"},
		{[]any{"data", "repository", "owner", "__typename"}, "Organization"},
		{[]any{"data", "repository", "defaultBranchRef", "target", "message"}, "Initial commit"},
		{slices.Concat(pull, []any{"headRefOid"}), w.pull.HeadSHA()},
		{slices.Concat(pull, []any{"isCrossRepository"}), false},
		{slices.Concat(pull, []any{"state"}), "OPEN"},
		{slices.Concat(thread, []any{"startLine"}), 10.0},
		{slices.Concat(thread, []any{"line"}), 11.0},
		{slices.Concat(first, []any{"fullDatabaseId"}), fmt.Sprint(id)}, // BigInt: a string
		{slices.Concat(first, []any{"author", "__typename"}), "Bot"},
		{slices.Concat(first, []any{"author", "login"}), "kms-review"}, // without [bot]
		{slices.Concat(first, []any{"viewerDidAuthor"}), true},
		{slices.Concat(first, []any{"replyTo"}), nil},
		{slices.Concat(reply, []any{"viewerDidAuthor"}), false},
	} {
		if got := a.at(tc.path...); got != tc.want {
			t.Errorf("%v is %v, want %v", tc.path, got, tc.want)
		}
	}
}

func TestGraphQLObjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	text := strings.Repeat("0123456789abcde\n", 32000) // 512,000 bytes
	must(w.pull.Push("objects", map[string]string{"exact.txt": text, "long.txt": text + "x", "binary": "a\x00b", "latin1": "caf\xe9\n",
		"empty": "", "run.sh": "#!/bin/sh\n", "link": "run.sh", "dir/a.tf": "a\n"}, simulator.Executable("run.sh"), simulator.Symlink("link")))(t)
	a := w.graph(`query($tree: String!, $missing: String!, $dir: String!) { repository(owner: "acme", name: "infra") {
		tree: object(expression: $tree) { __typename ... on Tree { entries { name type mode size object { ... on Blob { byteSize isTruncated isBinary text } } } } }
		missing: object(expression: $missing) { oid }
		head: object(expression: "HEAD:main.tf") { oid }
		dir: object(expression: $dir) { ... on Tree { entries { name path } } ... on Blob { byteSize } }
		commit: object(expression: "change") { __typename ... on Commit { file(path: "dir/a.tf") { path object { oid } } checkSuites(first: 1) { totalCount } } }
	} }`, map[string]any{"tree": "change:", "missing": "change:nothing", "dir": "change:dir"})
	if a.at("errors") != nil {
		t.Fatal(a.text)
	}
	got := map[string]string{}
	for i := range a.at("data", "repository", "tree", "entries").([]any) {
		e := func(keys ...any) any {
			return a.at(append([]any{"data", "repository", "tree", "entries", i}, keys...)...)
		}
		content, isText := e("object", "text").(string)
		got[fmt.Sprint(e("name"))] = fmt.Sprint(e("type"), " ", e("mode"), " ", e("size"), " truncated=", e("object", "isTruncated"),
			" binary=", e("object", "isBinary"), " text=", isText, " ", len(content))
	}
	for name, want := range map[string]string{
		"exact.txt": "blob 33188 512000 truncated=false binary=false text=true 512000",
		"long.txt":  "blob 33188 512001 truncated=true binary=false text=true 512000",
		"binary":    "blob 33188 3 truncated=false binary=true text=false 0",
		"latin1":    "blob 33188 5 truncated=false binary=<nil> text=false 0",
		"empty":     "blob 33188 0 truncated=false binary=false text=true 0",
		"run.sh":    "blob 33261 10 truncated=false binary=false text=true 10",
		"link":      "blob 40960 6 truncated=false binary=false text=true 6",
		"dir":       "tree 16384 0 truncated=<nil> binary=<nil> text=false 0",
	} {
		if got[name] != want {
			t.Errorf("%s: %s, want %s", name, got[name], want)
		}
	}
	if a.at("data", "repository", "head") != nil {
		t.Error("HEAD resolves, which it no longer does on GitHub")
	}
	if a.at("data", "repository", "missing") != nil || a.at("data", "repository", "dir", "entries", 0, "path") != "dir/a.tf" ||
		a.at("data", "repository", "commit", "file", "path") != "dir/a.tf" {
		t.Errorf("answer %.2000s", a.text)
	}
}

// Errors come with status 200, the place and what could be answered.
func TestGraphQLErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t, conformance.RefusedRequests())
	must(w.sim.CreateRepository("globex", "secret", nil))(t)
	id := w.post(remark(nil))
	thread, comment := w.pull.Threads()[0].ID, w.pull.Comments()[0].NodeID
	people := must(w.pull.Reply(id, "reviewer", "Mine"))(t)
	var theirs string
	for _, c := range w.pull.Comments() {
		if c.ID == people {
			theirs = c.NodeID
		}
	}
	readOnly := w.mint(fields{"permissions": fields{"contents": "read"}})
	repository := func(selection string) string {
		return `{ viewer { login } repository(owner: "acme", name: "infra") { id ` + selection + ` } }`
	}
	minimize := `mutation($id: ID!) { minimizeComment(input: {subjectId: $id, classifier: RESOLVED}) { minimizedComment { isMinimized } } }`
	for name, tc := range map[string]struct {
		token, query string
		id           string
		want         string // type and path of the first error, and whether there is data
	}{
		"repository outside the token": {w.token, `{ viewer { login } repository(owner: "globex", name: "secret") { id } }`, "", "NOT_FOUND [repository] true"},
		"no such repository":           {w.token, `{ viewer { login } r: repository(owner: "acme", name: "none") { id } }`, "", "NOT_FOUND [r] true"},
		"no such pull request":         {w.token, repository(`pullRequest(number: 9) { id }`), "", "NOT_FOUND [repository pullRequest] true"},
		"no such node":                 {w.token, `{ viewer { login } node(id: "PR_nothing") { id } }`, "", "NOT_FOUND [node] true"},
		"without contents":             {readOnly, repository(`pullRequest(number: 1) { id }`), "", "FORBIDDEN [repository pullRequest] true"},
		"collaborators":                {w.token, repository(`collaborators(first: 1, login: "author") { edges { permission } }`), "", "FORBIDDEN [repository collaborators] true"},
		"resolving a thread":           {w.token, `mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }`, thread, "FORBIDDEN [resolveReviewThread] true"},
		"folding with reading only":    {readOnly, minimize, comment, "FORBIDDEN [minimizeComment] true"},
		"folding other people's":       {w.token, minimize, theirs, "FORBIDDEN [minimizeComment] true"},
		"id above 32 bits":             {w.token, repository(`pullRequest(number: 1) { reviewThreads(first: 1) { nodes { comments(first: 1) { nodes { databaseId } } } } }`), "", "<nil> [repository pullRequest reviewThreads nodes 0 comments nodes 0 databaseId] true"},
		"connection without bounds":    {w.token, repository(`pullRequest(number: 1) { reviewThreads { totalCount } }`), "", "MISSING_PAGINATION_BOUNDARIES <nil> false"},
		"page too large":               {w.token, repository(`pullRequest(number: 1) { reviewThreads(first: 101) { totalCount } }`), "", "EXCESSIVE_PAGINATION <nil> false"},
		"too many nodes":               {w.token, repository(`pullRequests(first: 100) { nodes { reviewThreads(first: 100) { nodes { comments(first: 100) { totalCount } } } } }`), "", "MAX_NODE_LIMIT_EXCEEDED <nil> false"},
		"field that is not there":      {w.token, repository(`colour`), "", "<nil> <nil> false"},
		"argument of a wrong type":     {w.token, repository(`pullRequest(number: "1") { id }`), "", "<nil> <nil> false"},
		"no such classifier":           {w.token, strings.Replace(minimize, "RESOLVED", "BORING", 1), comment, "<nil> <nil> false"},
		"variable that is missing":     {w.token, minimize, "", "<nil> <nil> false"},
		"no document":                  {w.token, `{`, "", "<nil> <nil> false"},
	} {
		variables := map[string]any{}
		if tc.id != "" {
			variables["id"] = tc.id
		}
		a := w.send("POST", "/graphql", tc.token, fields{"query": tc.query, "variables": variables}, nil)
		got := fmt.Sprint(a.at("errors", 0, "type"), " ", a.at("errors", 0, "path"), " ", a.at("data") != nil)
		if a.status != 200 || got != tc.want {
			t.Errorf("%s: status %d, %s, want %s: %s", name, a.status, got, tc.want, a.text)
		}
	}
	if w.pull.Comments()[0].Minimized != "" || w.pull.Threads()[0].Resolved {
		t.Error("a refused mutation had an effect")
	}
	if got := fmt.Sprint(w.sim.Unknown()); !strings.Contains(got, "colour") {
		t.Errorf("a document against the schema is not recorded: %s", got)
	}
	ids := make([]string, 101)
	for i := range ids {
		ids[i] = comment
	}
	for n, want := range map[int]any{100: nil, 101: "ARGUMENT_LIMIT"} {
		if a := w.graph(`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, map[string]any{"ids": ids[:n]}); a.at("errors", 0, "type") != want {
			t.Errorf("%d ids: %v, want %v", n, a.at("errors", 0, "type"), want)
		}
	}
}

func TestGraphQLMutations(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.post(remark(nil))
	w.post(remark(fields{"line": 11}))
	comments := w.pull.Comments()
	said := must(w.pull.Comment("reviewer", "/kms-recheck"))(t)
	var node string
	for _, c := range w.pull.Conversation() {
		if c.ID == said {
			node = c.NodeID
		}
	}
	a := w.graph(`mutation($a: ID!, $b: ID!, $c: ID!) {
		m0: minimizeComment(input: {subjectId: $a, classifier: RESOLVED, clientMutationId: "x"}) { clientMutationId minimizedComment { isMinimized minimizedReason } }
		m1: minimizeComment(input: {subjectId: $b, classifier: OFF_TOPIC}) { minimizedComment { ... on PullRequestReviewComment { id } minimizedReason } }
		addReaction(input: {subjectId: $c, content: EYES}) { reaction { content user { login } } subject { id reactions(first: 5) { totalCount } } }
	}`, map[string]any{"a": comments[0].NodeID, "b": comments[1].NodeID, "c": node})
	if a.at("errors") != nil || a.at("data", "m0", "minimizedComment", "minimizedReason") != "resolved" ||
		a.at("data", "m1", "minimizedComment", "minimizedReason") != "off-topic" || a.at("data", "m0", "clientMutationId") != "x" ||
		a.at("data", "addReaction", "subject", "reactions", "totalCount") != 1.0 {
		t.Fatal(a.text)
	}
	if got := w.pull.Comments()[0].Minimized; got != "resolved" {
		t.Errorf("comment is minimized as %q", got)
	}
	if a := w.graph(`mutation($a: ID!) { unminimizeComment(input: {subjectId: $a}) { unminimizedComment { isMinimized } } }`, map[string]any{"a": comments[0].NodeID}); a.at("data", "unminimizeComment", "unminimizedComment", "isMinimized") != false {
		t.Error(a.text)
	}

	check(t, w.sim.Grant(w.installation, "contents", "write"))
	a = w.send("POST", "/graphql", w.mint(nil), fields{"query": `mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) { thread { isResolved } } }`,
		"variables": fields{"id": w.pull.Threads()[0].ID}}, nil)
	if a.at("data", "resolveReviewThread", "thread", "isResolved") != true {
		t.Errorf("with contents:write: %s", a.text)
	}
}

func TestGraphQLPaging(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 5 {
		w.post(remark(nil))
	}
	const query = `query($after: String, $skip: Boolean = false) { repository(owner: "acme", name: "infra") { pullRequest(number: 1) {
		reviewThreads(first: 2, after: $after) @skip(if: $skip) { pageInfo { hasNextPage endCursor } nodes { id } } } } }`
	var after any
	seen := map[any]bool{}
	for range 3 {
		a := w.graph(query, map[string]any{"after": after})
		page := []any{"data", "repository", "pullRequest", "reviewThreads"}
		for i := range a.at(append(page, "nodes")...).([]any) {
			seen[a.at(append(page, "nodes", i, "id")...)] = true
		}
		after = a.at(append(page, "pageInfo", "endCursor")...)
		if more := a.at(append(page, "pageInfo", "hasNextPage")...); more != (len(seen) < 5) {
			t.Errorf("after %d threads hasNextPage is %v", len(seen), more)
		}
	}
	if len(seen) != 5 {
		t.Errorf("%d threads in three pages, want 5", len(seen))
	}
	a := w.graph(query, map[string]any{"skip": true})
	if _, has := a.at("data", "repository", "pullRequest").(map[string]any)["reviewThreads"]; has {
		t.Error("@skip has no effect")
	}
	a = w.graph(`{ repository(owner: "acme", name: "infra") { pullRequest(number: 1) { reviewThreads(last: 1) { nodes { id } pageInfo { hasPreviousPage } } } } }`, nil)
	if a.at("data", "repository", "pullRequest", "reviewThreads", "pageInfo", "hasPreviousPage") != true {
		t.Error(a.text)
	}
}

// A fork that is private and outside the token cannot be seen; one that is gone is null.
func TestGraphQLHeadRepository(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(w.repo.Commit("theirs", "Theirs", map[string]string{"x.tf": "x\n"}))(t)
	must(w.repo.OpenPull(simulator.PullOptions{Title: "Theirs", Head: "theirs", Author: "outsider", Fork: true}))(t)
	a := w.graph(`{ repository(owner: "acme", name: "infra") { pullRequest(number: 2) { isCrossRepository headRepository { id } headRepositoryOwner { login } } } }`, nil)
	pull := a.at("data", "repository", "pullRequest")
	if fmt.Sprint(pull) != "map[headRepository:<nil> headRepositoryOwner:map[login:outsider] isCrossRepository:true]" {
		t.Errorf("got %v", pull)
	}
}
