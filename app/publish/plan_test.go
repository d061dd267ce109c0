package publish

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/render"
)

func TestNewPlan(t *testing.T) {
	t.Parallel()
	// A comment of ours on line 3 about finding "a".
	a := change.Comment{ID: 1, NodeID: "n1", Fingerprint: "a", Line: 3}
	with := func(c change.Comment, edit func(*change.Comment)) change.Comment { edit(&c); return c }
	second := with(a, func(c *change.Comment) { c.ID, c.NodeID = 2, "n2" })
	outdated := with(a, func(c *change.Comment) { c.Line = 0 })
	replied := func(c *change.Comment) { c.HumanReplied = true }
	resolved := func(c *change.Comment) { c.Resolved = true }
	minimized := func(c *change.Comment) { c.Minimized = true }
	type comments = []change.Comment
	for name, c := range map[string]struct {
		said       comments
		want       string // fingerprints that get a comment
		stands     string // fingerprints that stand besides
		incomplete bool
		post       string
		minimize   string
		live       int
		byPerson   bool // what is minimised was minimised by a person
	}{
		"nothing":                               {},
		"new finding":                           {want: "a", post: "a"},
		"two new findings":                      {want: "a b", post: "a b"},
		"said already":                          {said: comments{a}, want: "a", live: 1},
		"said, and another":                     {said: comments{a}, want: "a b", post: "b", live: 1},
		"fixed":                                 {said: comments{a}, minimize: "n1 RESOLVED"},
		"fixed and replied to":                  {said: comments{with(a, replied)}, minimize: "n1 RESOLVED"},
		"fixed and outdated":                    {said: comments{outdated}, minimize: "n1 RESOLVED"},
		"fixed, minimised before":               {said: comments{with(a, minimized)}},
		"not seen, since a file was unreadable": {said: comments{a}, incomplete: true, live: 1},
		"stands without a place":                {said: comments{a}, stands: "a", live: 1},
		"outdated without a new place":          {said: comments{outdated}, stands: "a", live: 1},
		"outdated":                              {said: comments{outdated}, want: "a", post: "a", minimize: "n1 OUTDATED"},
		"outdated and replied to":               {said: comments{with(outdated, replied)}, want: "a", live: 1},
		"outdated and resolved":                 {said: comments{with(outdated, resolved)}, want: "a", live: 1},
		"resolved by a person":                  {said: comments{with(a, resolved)}, want: "a", live: 1},
		"came back after a fix":                 {said: comments{with(a, minimized)}, want: "a", post: "a"},
		"minimised and resolved by a person":    {said: comments{with(with(a, minimized), resolved)}, want: "a"},
		"minimised by a person":                 {said: comments{with(a, minimized)}, want: "a", byPerson: true},
		"said twice":                            {said: comments{second, a}, want: "a", minimize: "n2 DUPLICATE", live: 1},
		"said twice, the second replied to":     {said: comments{with(second, replied), a}, want: "a", minimize: "n1 DUPLICATE", live: 1},
		"said twice, the first outdated": {
			said: comments{outdated, second}, want: "a", minimize: "n1 OUTDATED", live: 1,
		},
		"a comment without a marker":    {said: comments{{ID: 5, NodeID: "n5", Line: 3}}, want: "a", post: "a"},
		"the same finding wanted twice": {want: "a a", post: "a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			review := render.Review{Complete: !c.incomplete, Standing: append(strings.Fields(c.want), strings.Fields(c.stands)...)}
			for _, fingerprint := range strings.Fields(c.want) {
				review.Comments = append(review.Comments, render.Comment{Fingerprint: fingerprint})
			}
			before := slices.Clone(c.said)
			folded := map[string]bool{}
			for _, said := range c.said {
				folded[said.NodeID] = said.Minimized && !c.byPerson
			}
			plan := NewPlan(change.Conversation{Comments: c.said}, review, folded)
			var post, minimize []string
			for _, p := range plan.Post {
				post = append(post, p.Fingerprint)
			}
			for _, m := range plan.Minimize {
				minimize = append(minimize, fmt.Sprintf("%s %s", m.NodeID, m.Reason))
			}
			if got := strings.Join(post, " "); got != c.post {
				t.Errorf("posts %q, want %q", got, c.post)
			}
			if got := strings.Join(minimize, ", "); got != c.minimize {
				t.Errorf("minimises %q, want %q", got, c.minimize)
			}
			if plan.Live != c.live {
				t.Errorf("%d comments live, want %d", plan.Live, c.live)
			}
			if !slices.Equal(before, c.said) {
				t.Error("the conversation was changed")
			}
		})
	}
}
