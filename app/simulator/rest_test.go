package simulator_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/simulator/conformance"
)

// Every operation once, with its answer checked against GitHub's description by the conformance check.
func TestOperationsAnswerAsDescribed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	head := w.pull.HeadSHA()
	comment := must(w.pull.Comment("reviewer", "Looks good"))(t)
	run := w.want(201, "POST", base+"/check-runs", map[string]any{"name": "KMS Review", "head_sha": head, "status": "in_progress",
		"output": map[string]any{"title": "t", "summary": "s", "annotations": []any{annotation(nil)}}})
	runPath := fmt.Sprintf("%s/check-runs/%.0f", base, run.at("id"))
	reaction := w.want(201, "POST", fmt.Sprintf("%s/issues/comments/%d/reactions", base, comment), map[string]any{"content": "eyes"})
	review := map[string]any{"event": "COMMENT", "body": "One remark", "commit_id": head, "comments": []any{
		map[string]any{"path": "main.tf", "line": 11, "start_line": 10, "side": "RIGHT", "start_side": "RIGHT", "body": "Hm"}}}
	w.want(200, "POST", base+"/pulls/1/reviews", review)
	blob := w.want(200, "GET", base+"/git/trees/"+head, nil).at("tree", 0, "sha")
	for _, op := range []struct {
		status       int
		method, path string
		body         any
	}{
		{200, "GET", "/installation/repositories", nil},
		{200, "GET", "/rate_limit", nil},
		{200, "GET", base, nil},
		{200, "GET", base + "/collaborators/author/permission", nil},
		{200, "GET", base + "/pulls", nil},
		{200, "GET", base + "/pulls?state=all&head=acme:change&base=main&direction=asc", nil},
		{200, "GET", base + "/pulls/1", nil},
		{404, "GET", base + "/pulls/2", nil},
		{200, "GET", base + "/pulls/1/files?per_page=2&page=2", nil},
		{200, "GET", base + "/pulls/1/comments", nil},
		{200, "GET", base + "/commits/" + head + "/pulls", nil},
		{200, "GET", base + "/commits/" + head + "/check-runs?check_name=KMS+Review&filter=latest", nil},
		{200, "GET", base + "/compare/main..." + head, nil},
		{200, "GET", base + "/compare/main...acme:change", nil},
		{404, "GET", base + "/compare/main...nowhere", nil},
		{200, "GET", base + "/git/trees/change?recursive=1", nil},
		{404, "GET", base + "/git/trees/" + strings.Repeat("0", 40), nil},
		{200, "GET", fmt.Sprintf("%s/git/blobs/%v", base, blob), nil},
		{404, "GET", base + "/git/blobs/" + strings.Repeat("0", 40), nil},
		{422, "GET", base + "/git/blobs/main", nil},
		{200, "GET", base + "/contents/new/name.tf?ref=change", nil},
		{404, "GET", base + "/contents/none.tf", nil},
		{201, "POST", base + "/issues/1/comments", map[string]any{"body": "Hello"}},
		{200, "POST", fmt.Sprintf("%s/issues/comments/%d/reactions", base, comment), map[string]any{"content": "eyes"}},
		{200, "GET", fmt.Sprintf("%s/issues/comments/%d/reactions", base, comment), nil},
		{204, "DELETE", fmt.Sprintf("%s/issues/comments/%d/reactions/%.0f", base, comment, reaction.at("id")), nil},
		{200, "PATCH", runPath, map[string]any{"name": "KMS Review", "conclusion": "failure", "output": map[string]any{"title": "t", "summary": "s"}}},
		{200, "GET", runPath, nil},
		{200, "GET", runPath + "/annotations", nil},
	} {
		w.want(op.status, op.method, op.path, op.body)
	}
	for _, path := range []string{"/app", "/app/installations", fmt.Sprintf("/app/installations/%d", w.installation),
		"/app/hook/deliveries", base + "/installation"} {
		if a := w.send("GET", path, w.jwt(nil), nil, nil); a.status != 200 {
			t.Errorf("GET %s: status %d: %s", path, a.status, a.text)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	start := w.repo.Head("main")
	must(w.repo.Commit("main", "Meanwhile", map[string]string{"other.tf": "x\n"}))(t)
	a := w.want(200, "GET", base+"/compare/"+w.repo.Head("main")+"..."+w.pull.HeadSHA(), nil)
	if a.at("merge_base_commit", "sha") != start || a.at("status") != "diverged" || a.at("ahead_by") != 1.0 || a.at("behind_by") != 1.0 {
		t.Errorf("merge base %v, status %v, ahead %v, behind %v", a.at("merge_base_commit", "sha"), a.at("status"), a.at("ahead_by"), a.at("behind_by"))
	}
	got := map[string]string{}
	files, _ := a.at("files").([]any)
	for i := range files {
		_, hasPatch := a.at("files", i).(map[string]any)["patch"]
		got[fmt.Sprint(a.at("files", i, "filename"))] = fmt.Sprint(a.at("files", i, "status"), " ", a.at("files", i, "previous_filename"), " ", hasPatch)
	}
	want := map[string]string{"main.tf": "modified <nil> true", "new.tf": "added <nil> true", "gone.tf": "removed <nil> true",
		"new/name.tf": "renamed old/name.tf false", "picture.png": "added <nil> false"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("files\n%v, want\n%v", got, want)
	}
	if a := w.want(200, "GET", base+"/compare/main...change?page=2&per_page=1", nil); len(a.at("files").([]any)) != 0 {
		t.Error("files on the second page: GitHub has them on the first only")
	}
}

// A patch starts at its first hunk, keeps CR and says where the last line has no end.
func TestPatchText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(w.pull.Push("CRLF", map[string]string{"dos.tf": "one\r\ntwo"}))(t)
	a := w.want(200, "GET", base+"/pulls/1/files?per_page=100", nil)
	var patch any
	for i := range a.body.([]any) {
		if a.at(i, "filename") == "dos.tf" {
			patch = a.at(i, "patch")
		}
	}
	if want := "@@ -0,0 +1,2 @@\n+one\r\n+two\n\\ No newline at end of file"; patch != want {
		t.Errorf("patch %q, want %q", patch, want)
	}
}

func TestLargeFilesHaveNoPatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	half := strings.Repeat("0123456789abcdef\n", 20000) // 340 KB, a patch by itself
	must(w.repo.Commit("large", "Large", map[string]string{
		"a.tf": strings.Repeat("x\n", 20001), "b.tf": strings.Repeat(strings.Repeat("y", 99)+"\n", 5100),
		"c.tf": half[:len(half)/2], "d.tf": half[:len(half)/2], "e.tf": "small\n",
	}))(t)
	a := w.want(200, "GET", base+"/compare/main...large", nil)
	got := ""
	for i := range 5 {
		_, has := a.at("files", i).(map[string]any)["patch"]
		got += fmt.Sprintf("%v %v +%v\n", a.at("files", i, "filename"), has, a.at("files", i, "additions"))
	}
	// a and b are too large; together they also use up what one answer carries, so that not even e has a patch.
	want := "a.tf false +20001\nb.tf false +5100\nc.tf false +10000\nd.tf false +10000\ne.tf false +1\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestManyFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	files := map[string]string{}
	for i := range 3100 {
		files[fmt.Sprintf("d/%04d.tf", i)] = fmt.Sprintf("file %d\n", i)
	}
	must(w.repo.Commit("many", "Many", files))(t)
	must(w.repo.OpenPull(simulator.PullOptions{Title: "Many", Head: "many"}))(t)
	if n := len(w.want(200, "GET", base+"/compare/main...many", nil).at("files").([]any)); n != 300 {
		t.Errorf("compare has %d files, want 300", n)
	}
	a := w.want(200, "GET", base+"/pulls/2/files?per_page=100&page=30", nil)
	if len(a.body.([]any)) != 100 || strings.Contains(a.header.Get("Link"), `rel="next"`) {
		t.Errorf("page 30 has %d files, Link %q; want 100, the last", len(a.body.([]any)), a.header.Get("Link"))
	}
	if link := w.want(200, "GET", base+"/pulls/2/files", nil).header.Get("Link"); !strings.Contains(link, "page=2>; rel=\"next\"") {
		t.Errorf("Link %q has no next page", link)
	}
}

func TestBlobIsWrappedBase64(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sha := w.want(200, "GET", base+"/contents/main.tf", nil).at("sha")
	content, _ := w.want(200, "GET", fmt.Sprintf("%s/git/blobs/%v", base, sha), nil).at("content").(string)
	if !strings.Contains(content, "\n") {
		t.Error("base64 in one line: GitHub breaks it")
	}
	text, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(content, "\n", ""))
	if err != nil || string(text) != numbered(60, nil) {
		t.Errorf("blob decodes to %q, %v", text, err)
	}
}

func TestETag(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.want(200, "GET", base, nil)
	again := w.send("GET", base, w.token, nil, map[string]string{"If-None-Match": first.header.Get("ETag")})
	if again.status != http.StatusNotModified || again.text != "" {
		t.Errorf("status %d, body %q; want 304 and none", again.status, again.text)
	}
	if first.header.Get("X-RateLimit-Remaining") != again.header.Get("X-RateLimit-Remaining") {
		t.Error("a 304 was counted")
	}
	w.want(200, "GET", base+"/pulls/1", nil)
	check(t, w.pull.SetTitle("Another", "author"))
	if first.header.Get("X-GitHub-Request-Id") == "" {
		t.Error("no X-GitHub-Request-Id")
	}
}

func TestPermissionOfPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.repo.SetPermission("reviewer", "triage")
	w.repo.SetPermission("release", "maintain")
	w.repo.SetPermission("outsider", "none")
	for login, want := range map[string]string{"author": "write write", "reviewer": "read triage", "release": "write maintain",
		"maintainer": "admin admin", "outsider": "none none"} {
		a := w.want(200, "GET", base+"/collaborators/"+login+"/permission", nil)
		if got := fmt.Sprint(a.at("permission"), " ", a.at("role_name")); got != want {
			t.Errorf("%s: %s, want %s", login, got, want)
		}
	}
	w.want(404, "GET", base+"/collaborators/nobody/permission", nil)
}

func TestIssueCommentRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t, conformance.RefusedRequests())
	for _, body := range []any{fields{"body": strings.Repeat("é", 65537)}, map[string]any{"body": " \n"}, map[string]any{},
		map[string]any{"body": "x", "colour": "red"}, "{", "[]"} {
		if a := w.do("POST", base+"/issues/1/comments", body); a.status != 422 && a.status != 400 {
			t.Errorf("body of %.40q: status %d", fmt.Sprint(body), a.status)
		}
	}
	w.want(201, "POST", base+"/issues/1/comments", map[string]any{"body": strings.Repeat("é", 65536)})
	w.want(404, "POST", base+"/issues/9/comments", map[string]any{"body": "x"})
	if n := len(w.pull.Conversation()); n != 1 {
		t.Errorf("%d comments, want 1", n)
	}
}

func TestReactionRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t, conformance.RefusedRequests())
	id := must(w.pull.Comment("reviewer", "/kms-recheck"))(t)
	path := fmt.Sprintf("%s/issues/comments/%d/reactions", base, id)
	w.want(422, "POST", path, fields{"content": "tada"})
	w.want(422, "POST", path, fields{})
	w.want(404, "POST", base+"/issues/comments/1/reactions", fields{"content": "eyes"})
	eyes := w.want(201, "POST", path, fields{"content": "eyes"})
	if again := w.want(200, "POST", path, fields{"content": "eyes"}); again.at("id") != eyes.at("id") {
		t.Error("the same reaction twice is two")
	}
	w.want(201, "POST", path, fields{"content": "rocket"})
	if n := len(w.want(200, "GET", path+"?content=rocket", nil).body.([]any)); n != 1 {
		t.Errorf("%d rockets, want 1", n)
	}
	w.want(404, "DELETE", path+"/1", nil)
	w.want(204, "DELETE", fmt.Sprintf("%s/%.0f", path, eyes.at("id")), nil)
	if got := fmt.Sprint(w.pull.Conversation()[0].Reactions); got != "[{kms-review[bot] rocket}]" {
		t.Errorf("reactions %s", got)
	}
}

func TestArchivedRepositoryIsReadOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	check(t, w.repo.Archive())
	if a := w.want(200, "GET", base, nil); a.at("archived") != true {
		t.Errorf("archived is %v", a.at("archived"))
	}
	w.want(403, "POST", base+"/issues/1/comments", fields{"body": "x"})
}

func TestRepositoryOptions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(w.sim.CreateRepository("person", "site", map[string]string{"a.tf": "a\n"}, simulator.Public(), simulator.OwnedByUser(),
		simulator.DefaultBranch("trunk")))(t)
	w.installation = must(w.sim.Install("person"))(t)
	w.token = w.mint(nil)
	a := w.want(200, "GET", "/repos/person/site", nil)
	if a.at("private") != false || a.at("owner", "type") != "User" || a.at("default_branch") != "trunk" {
		t.Errorf("private %v, owner %v, branch %v", a.at("private"), a.at("owner", "type"), a.at("default_branch"))
	}
	if a := w.want(200, "GET", "/repos/person/site/collaborators/author/permission", nil); a.at("permission") != "read" {
		t.Errorf("a stranger's permission in a public repository is %v, want read", a.at("permission"))
	}
	w.want(200, "GET", "/repos/person/site/contents/a.tf", nil)
}

func TestUnknownRoutesAreRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, conformance.RefusedRequests())
	w.want(404, "GET", base+"/branches", nil)
	w.want(404, "PUT", base+"/pulls/1/merge", nil)
	if got := fmt.Sprint(w.sim.Unknown()); got != "[GET "+base+"/branches PUT "+base+"/pulls/1/merge]" {
		t.Errorf("unknown: %s", got)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	pulls := regexp.MustCompile(`/pulls$`)
	w.sim.Fail(simulator.SecondaryLimit("GET", pulls, "7"))
	w.sim.Fail(simulator.Fault{Method: "GET", PathPattern: pulls, Status: 502, Headers: map[string]string{"Content-Type": "application/json"}, Body: `{}`})
	if a := w.want(403, "GET", base+"/pulls", nil); a.header.Get("Retry-After") != "7" || !strings.Contains(a.text, "secondary rate limit") {
		t.Errorf("Retry-After %q: %s", a.header.Get("Retry-After"), a.text)
	}
	w.want(502, "GET", base+"/pulls", nil)
	w.want(200, "GET", base+"/pulls", nil)

	w.sim.Fail(simulator.Fault{Method: "POST", PathPattern: regexp.MustCompile(`/comments$`), Status: 502, Body: `{}`, After: true})
	w.want(502, "POST", base+"/issues/1/comments", map[string]any{"body": "once"})
	if n := len(w.pull.Conversation()); n != 1 {
		t.Errorf("%d comments, want 1: only the answer was lost", n)
	}

	w.sim.Fail(simulator.GraphQLLimit("1700000000"))
	if a := w.graph(`{ viewer { login } }`, nil); a.at("errors", 0, "type") != "RATE_LIMITED" {
		t.Errorf("got %s", a.text)
	}
	requests := w.sim.Requests()
	if last := requests[len(requests)-1]; !last.Fault || last.Token != "installation" || last.Status != 200 {
		t.Errorf("recorded %+v", last)
	}
}
