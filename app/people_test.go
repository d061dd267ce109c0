package app_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/app/simulator"
)

// TestPeopleAnswer: a thread that a person has taken up or resolved is left as it is, and nothing is said twice.
func TestPeopleAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	pull := w.open(map[string]string{"backup.tf": badKey, "more.tf": strings.ReplaceAll(badKey, "backup", "more")}, simulator.PullOptions{})
	w.check(pull, 1)
	w.eventually("two comments", func() bool { return len(pull.Comments()) == 2 })
	answered, resolved := pull.Comments()[0], pull.Comments()[1]
	reply, err := pull.Reply(answered.ID, "reviewer", "Why?")
	w.must(err)
	w.must(pull.Resolve(resolved.ID, "reviewer"))
	w.push(pull, map[string]string{"backup.tf": "\n\n" + badKey, "more.tf": "\n\n" + strings.ReplaceAll(badKey, "backup", "more")})
	w.check(pull, 1)
	w.quiet()
	if n := len(pull.Comments()); n != 3 {
		t.Errorf("%d comments, want the two and the reply", n)
	}
	for _, c := range pull.Comments() {
		if c.Minimized != "" {
			t.Errorf("comment %d is minimised as %s", c.ID, c.Minimized)
		}
	}
	w.push(pull, map[string]string{"backup.tf": strings.ReplaceAll(goodKey, "main", "backup")})
	w.check(pull, 1)
	w.quiet()
	comments := pull.Comments()
	at := slices.IndexFunc(comments, func(c simulator.Comment) bool { return c.ID == reply })
	if at < 0 || comments[at].Minimized != "" || comments[at].Body != "Why?" {
		t.Errorf("the reply was touched: %+v", comments)
	}
}

// TestRecheckOfWhatIsOver: whoever may ask gets an answer, also where no review is possible any more.
func TestRecheckOfWhatIsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	w.repo.SetPermission("maintainer", "write")
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{})
	w.check(pull, 1)
	w.must(pull.Close("author"))
	asked, err := pull.Comment("maintainer", "/kms-recheck")
	w.must(err)
	w.eventually("😕", func() bool { return slices.Equal(reactions(pull, asked), []string{"eyes", "confused"}) })
	if n := len(pull.CheckRuns()); n != 1 {
		t.Errorf("%d check runs, want 1", n)
	}
}

// TestWhoMayRecheck: the author of a pull request from the same repository may, one from a fork may not.
func TestWhoMayRecheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	w.repo.SetPermission("author", "read")
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{})
	w.check(pull, 1)
	asked, err := pull.Comment("author", "/kms-recheck")
	w.must(err)
	w.eventually("🚀 for the author", func() bool { return slices.Equal(reactions(pull, asked), []string{"eyes", "rocket"}) })

	_, err = w.repo.Commit("foreign", "Foreign", map[string]string{"backup.tf": badKey})
	w.must(err)
	fork, err := w.repo.OpenPull(simulator.PullOptions{Title: "Fork", Head: "foreign", Fork: true, Author: "contributor"})
	w.must(err)
	w.check(fork, 1)
	var ignored []int64
	for _, body := range []string{"/kms-recheck", "/kms-recheck now", "> /kms-recheck", "/KMS-RECHECK", "/kms-recheck\n/kms-recheck"} {
		id, err := fork.Comment("contributor", body)
		w.must(err)
		ignored = append(ignored, id)
	}
	w.quiet()
	for _, id := range ignored {
		if got := reactions(fork, id); len(got) != 0 {
			t.Errorf("a comment of the fork's author got %v", got)
		}
	}
	if n := len(fork.CheckRuns()); n != 1 {
		t.Errorf("%d check runs, want 1", n)
	}
}

// TestForeignMarker: only the App's own comments are its own, whatever is written in others.
func TestForeignMarker(t *testing.T) {
	t.Parallel()
	w := newWorld(t, map[string]string{"main.tf": goodKey})
	pull := w.open(map[string]string{"backup.tf": badKey}, simulator.PullOptions{})
	w.check(pull, 1)
	w.eventually("a comment", func() bool { return len(pull.Comments()) == 1 })
	ours := pull.Comments()[0]
	marker := ours.Body[strings.LastIndex(ours.Body, "<!--"):]
	copied, err := pull.Reply(ours.ID, "reviewer", marker)
	w.must(err)
	w.push(pull, map[string]string{"backup.tf": strings.ReplaceAll(goodKey, "main", "backup")})
	w.check(pull, 1)
	w.quiet()
	for _, c := range pull.Comments() {
		if c.ID == copied && c.Minimized != "" {
			t.Error("a person's comment with a copied marker was minimised")
		}
	}
}
