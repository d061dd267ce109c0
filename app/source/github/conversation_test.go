package github_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	gogithub "github.com/google/go-github/v66/github"

	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/render"
	"github.com/kms-review/kms-review/app/simulator"
)

// say posts comments of the App's on lines of main.tf, each with the fingerprint of its line.
func (w *world) say(p *simulator.Pull, lines ...int) {
	w.t.Helper()
	review := &gogithub.PullRequestReviewRequest{
		CommitID: gogithub.String(p.HeadSHA()), Event: gogithub.String("COMMENT"), Body: gogithub.String("Findings"),
	}
	for _, line := range lines {
		review.Comments = append(review.Comments, &gogithub.DraftReviewComment{
			Path: gogithub.String("main.tf"), Line: gogithub.Int(line), Side: gogithub.String("RIGHT"),
			Body: gogithub.String(fmt.Sprintf("Finding %d\n\n%s", line, render.Marker{Fingerprint: fingerprint(line), Rule: "KMS101"})),
		})
	}
	_, _, err := w.client().REST.PullRequests.CreateReview(w.t.Context(), "acme", "infra", p.Number(), review)
	must(w.t, err)
}

func fingerprint(line int) string { return fmt.Sprintf("%024x", line) }

func numbered(from, to int) string {
	var b strings.Builder
	for n := from; n <= to; n++ {
		fmt.Fprintf(&b, "# line %d\n", n)
	}
	return b.String()
}

func TestOurComments(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": numbered(1, 3)})
	p := w.pull(map[string]string{"main.tf": numbered(11, 20)})
	w.say(p, 1, 2, 3, 4)
	ids := map[int]int64{}
	for _, c := range p.Comments() {
		ids[c.Line] = c.ID
	}
	_, err := p.Reply(ids[2], "reviewer", "Is that so?")
	must(t, err)
	must(t, p.Resolve(ids[3], "reviewer"))
	_, err = p.Reply(ids[1], "reviewer", "Not ours: "+render.Marker{Fingerprint: fingerprint(99), Rule: "KMS101"}.String())
	must(t, err)

	fetched := w.fetch(w.ref(p))
	var got []string
	for _, c := range fetched.Conversation.Comments {
		if c.ID != ids[c.Line] || c.NodeID == "" || c.ThreadID == "" || c.Path != "main.tf" || !strings.HasPrefix(c.Body, "Finding") {
			t.Errorf("%+v", c)
		}
		got = append(got, fmt.Sprintf("%d %s replied=%v resolved=%v minimized=%v", c.Line, c.Fingerprint, c.HumanReplied, c.Resolved, c.Minimized))
	}
	want := []string{
		"1 " + fingerprint(1) + " replied=true resolved=false minimized=false",
		"2 " + fingerprint(2) + " replied=true resolved=false minimized=false",
		"3 " + fingerprint(3) + " replied=false resolved=true minimized=false",
		"4 " + fingerprint(4) + " replied=false resolved=false minimized=false",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("comments (-want +got):\n%s", d)
	}

	_, err = p.Push("Remove the lines", map[string]string{"main.tf": "# other\n"})
	must(t, err)
	for _, c := range w.fetch(w.ref(p)).Conversation.Comments {
		if c.Line != 0 {
			t.Errorf("comment %d is on line %d, want 0: it is outdated", c.ID, c.Line)
		}
	}
}

func TestManyThreads(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": numbered(1, 3)})
	p := w.pull(map[string]string{"main.tf": numbered(1001, 1250)})
	for first := 1; first <= 241; first += 40 {
		var lines []int
		for line := first; line < min(first+40, 251); line++ {
			lines = append(lines, line)
		}
		w.say(p, lines...)
	}
	fetched := w.fetch(w.ref(p))
	w.wantRequests("compare", "graphql", "graphql", "graphql")
	seen := map[string]bool{}
	for _, c := range fetched.Conversation.Comments {
		seen[c.Fingerprint] = true
	}
	if len(seen) != 250 {
		t.Errorf("%d comments found, want 250", len(seen))
	}
	if _, found := change.Change.FileAt(fetched.Change, "main.tf"); !found {
		t.Error("main.tf is not among the changed files")
	}
}
