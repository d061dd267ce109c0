package page_test

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-github/v66/github"

	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/simulator"
	"github.com/kms-review/kms-review/app/simulator/page"
)

// world is a simulated GitHub with its pages and an App's client that writes what the pages show.
type world struct {
	t      *testing.T
	sim    *simulator.Simulator
	repo   *simulator.Repository
	client *gh.Client
	url    string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	sim := must(simulator.New(simulator.Options{Dir: t.TempDir()}))(t)
	t.Cleanup(sim.Close)
	w := &world{t: t, sim: sim}
	w.repo = must(sim.CreateRepository("acme", "platform", map[string]string{"main.tf": before, "README.md": "# Platform\n"}))(t)
	installation := must(sim.Install("acme", w.repo))(t)
	id, key, _ := sim.App()
	app := must(gh.New(gh.Config{AppID: id, PrivateKey: key, APIURL: sim.URL(), Log: slog.New(slog.DiscardHandler)}))(t)
	w.client = app.Installation(installation, "acme", "platform")
	server := httptest.NewServer(page.New(sim))
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

const before = `resource "aws_kms_key" "main" {
  description             = "main"
  enable_key_rotation     = true
  deletion_window_in_days = 30
}
`

// after has a change of one line and a new resource.
const after = `resource "aws_kms_key" "main" {
  description             = "main"
  enable_key_rotation     = false
  deletion_window_in_days = 30
}

resource "aws_kms_key" "second" {
  description = "second"
}
`

// open opens a pull request with the given files.
func (w *world) open(title, body string, files map[string]string) *simulator.Pull {
	w.t.Helper()
	branch := fmt.Sprintf("change-%d", len(w.repo.Pulls()))
	must(w.repo.Commit(branch, "Change files\n\nMore.", files))(w.t)
	return must(w.repo.OpenPull(simulator.PullOptions{Title: title, Body: body, Head: branch}))(w.t)
}

// comment is an inline comment to post.
type comment struct {
	path        string
	start, line int
	body        string
}

// review posts a review with comments and returns their ids.
func (w *world) review(p *simulator.Pull, body string, comments ...comment) []int64 {
	w.t.Helper()
	request := &github.PullRequestReviewRequest{CommitID: github.String(p.HeadSHA()), Event: github.String("COMMENT"), Body: &body}
	for _, c := range comments {
		draft := &github.DraftReviewComment{Path: &c.path, Body: &c.body, Line: &c.line, Side: github.String("RIGHT")}
		if c.start > 0 {
			draft.StartLine, draft.StartSide = &c.start, draft.Side
		}
		request.Comments = append(request.Comments, draft)
	}
	_, _, err := w.client.REST.PullRequests.CreateReview(w.t.Context(), "acme", "platform", p.Number(), request)
	check(w.t, err)
	var ids []int64
	for _, c := range p.Comments() {
		ids = append(ids, c.ID)
	}
	return ids[len(ids)-len(comments):]
}

// checkRun posts a check run on the head; without a conclusion it is in progress.
func (w *world) checkRun(p *simulator.Pull, conclusion string, output *github.CheckRunOutput) {
	w.t.Helper()
	options := github.CreateCheckRunOptions{Name: "KMS Review", HeadSHA: p.HeadSHA(), Status: github.String("in_progress"), Output: output}
	if conclusion != "" {
		options.Status, options.Conclusion = github.String("completed"), &conclusion
	}
	_, _, err := w.client.REST.Checks.CreateCheckRun(w.t.Context(), "acme", "platform", options)
	check(w.t, err)
}

func (w *world) minimize(p *simulator.Pull, id int64) {
	w.t.Helper()
	for _, c := range p.Comments() {
		if c.ID == id {
			var answer map[string]any
			check(w.t, w.client.GraphQL(w.t.Context(), `mutation($id: ID!) {
				minimizeComment(input: {subjectId: $id, classifier: RESOLVED}) { minimizedComment { isMinimized } }
			}`, map[string]any{"id": c.NodeID}, &answer))
		}
	}
}

// failing is a pull request as the App leaves it: a review with suggestions and a failed check run.
func (w *world) failing() (p *simulator.Pull, comments []int64) {
	p = w.open("Turn rotation off", "It is **cheaper**.\n\n- [x] done", map[string]string{"main.tf": after})
	comments = w.review(p, "KMS Review has 2 new remarks.",
		comment{"main.tf", 0, 3, "**KMS104 rotation-turned-off** · high\n\n```suggestion\n  enable_key_rotation     = true\n```\n\n<!-- marker -->"},
		comment{"main.tf", 7, 8, "**KMS101 rotation-disabled** · high\n\n```suggestion\nresource \"aws_kms_key\" \"second\" {\n  description         = \"second\"\n  enable_key_rotation = true\n```\n"})
	w.checkRun(p, "failure", &github.CheckRunOutput{
		Title:   github.String("2 new findings (2 high)"),
		Summary: github.String("**2 new findings**\n\n| New | Fixed |\n|---|---|\n| 2 | 0 |\n\n<details><summary>Undecided</summary>\n\n- none\n\n</details>"),
		Text:    github.String("## New (2)\n\n```diff\n-  enable_key_rotation = false\n+  enable_key_rotation = true\n```"),
		Annotations: []*github.CheckRunAnnotation{{
			Path: github.String("main.tf"), StartLine: github.Int(3), EndLine: github.Int(3), AnnotationLevel: github.String("failure"),
			Title: github.String("KMS104 rotation-turned-off"), Message: github.String("Rotation is switched off."),
		}, {
			Path: github.String("main.tf"), StartLine: github.Int(7), EndLine: github.Int(9), AnnotationLevel: github.String("notice"),
			Title: github.String("KMS216 no-explicit-policy"), Message: github.String("The key has the default policy."),
		}},
	})
	return p, comments
}

// fix applies the first suggestion and says on the pull request what the App would say then.
func (w *world) fix(p *simulator.Pull, comments []int64) {
	w.t.Helper()
	w.repo.SetPermission("author", "write")
	must(p.ApplySuggestion(comments[0], "author"))(w.t)
	w.minimize(p, comments[0])
	must(p.Reply(comments[1], "reviewer", "Agreed, please rotate `second` too."))(w.t)
	w.checkRun(p, "success", &github.CheckRunOutput{Title: github.String("No new problem"), Summary: github.String("Fine.")})
	id := must(p.Comment("author", "/kms-recheck"))(w.t)
	for _, content := range []string{"eyes", "rocket"} {
		_, _, err := w.client.REST.Reactions.CreateIssueCommentReaction(w.t.Context(), "acme", "platform", id, content)
		check(w.t, err)
	}
}

// pathEscape escapes a path of one segment.
func pathEscape(path string) string { return url.PathEscape(path) }

// hostile is text that would run, load, notify or break the page if it had any effect.
func hostile(address string) string {
	return strings.ReplaceAll(`<script>document.title='owned'</script><img src="URL/pixel.png" onerror="document.title='owned'">
![image](URL/pixel.png) <a href="javascript:document.title='owned'">link</a> <iframe src="URL/frame"></iframe>
</p></div></details></li></ol></section></main><style>main { display: none }</style><meta http-equiv="refresh" content="0;url=URL/gone">
<form action="URL/form"><input name="x"><button>send</button></form><details open ontoggle="document.title='owned'"><summary>s</summary>`, "URL", address)
}

// attack puts hostile text into every place that a pull request or a compromised App can write.
func (w *world) attack(elsewhere string) *simulator.Pull {
	text := hostile(elsewhere)
	line := strings.ReplaceAll(text, "\n", " ")
	path := `a<script>document.title='owned'<` + "`" + `script>"'.tf`
	p := w.open(line, text, map[string]string{path: "a = \"" + line + "\"\nb = \"@maintainer ![x](" + elsewhere + "/pixel.png) \u202e\"\n"})
	w.review(p, text, comment{path, 0, 1, text + "\n\n```suggestion\n" + line + "\n```\n"})
	w.checkRun(p, "failure", &github.CheckRunOutput{Title: github.String(line[:200]), Summary: &text, Text: &text, Annotations: []*github.CheckRunAnnotation{{
		Path: &path, StartLine: github.Int(1), EndLine: github.Int(2), AnnotationLevel: github.String("warning"),
		Title: github.String(line[:200]), Message: &text, RawDetails: &text,
	}}})
	must(p.Comment("outsider", text))(w.t)
	return p
}

// must takes a result or ends the test.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		check(t, err)
		return v
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
