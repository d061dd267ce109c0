package publish

import (
	"cmp"
	"slices"

	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/render"
)

// Reason is why a comment is minimised, in GitHub's words (GraphQL ReportedContentClassifiers).
type Reason string

// The reasons that the App gives.
const (
	Resolved  Reason = "RESOLVED"  // the finding is gone
	Outdated  Reason = "OUTDATED"  // its lines are gone; another comment says it on the lines of today
	Duplicate Reason = "DUPLICATE" // said twice, after a request whose answer was lost
)

// Plan is the difference between what the App has said on a pull request and what it should say.
type Plan struct {
	Post     []render.Comment
	Minimize []Minimize
	Live     int             // our visible comments that stay as they are
	Returned map[string]bool // fingerprints of Post, and perhaps others, that were said once and are folded away
}

// Minimize names a comment of ours to be folded away.
type Minimize struct {
	NodeID      string
	Fingerprint string
	Reason      Reason
}

// NewPlan compares. Every comment with a marker is ours; one without is never touched.
//
// A finding that is gone has its comment minimised, also where a person replied: the replies stay visible and
// nothing is deleted or edited. It stays while something could not be read, since absence then proves nothing.
//
// A finding that stands is said once. Where its comment has lost its line, the comment is minimised as outdated
// and posted anew, if there is a line for it and nobody has replied or resolved the thread: then a person has
// taken it up, and a second comment would tear the conversation apart. What a person minimised, or minimised by us
// and resolved by a person, is not said again either. Folded tells by GraphQL id what the App minimised itself.
func NewPlan(conv change.Conversation, review render.Review, folded map[string]bool) Plan {
	plan := Plan{Returned: map[string]bool{}}
	wanted := map[string]bool{}
	for _, c := range review.Comments {
		wanted[c.Fingerprint] = true
	}
	stands := map[string]bool{}
	for _, fingerprint := range review.Standing {
		stands[fingerprint] = true
	}
	said := map[string]bool{}
	for _, c := range ours(conv) {
		gone := !stands[c.Fingerprint] && review.Complete
		switch reason := fold(c, gone, wanted[c.Fingerprint], said[c.Fingerprint]); {
		case c.Minimized:
			said[c.Fingerprint] = said[c.Fingerprint] || c.Resolved || !folded[c.NodeID]
			plan.Returned[c.Fingerprint] = true
		case reason != "":
			plan.Minimize = append(plan.Minimize, Minimize{NodeID: c.NodeID, Fingerprint: c.Fingerprint, Reason: reason})
		default:
			said[c.Fingerprint] = true
			plan.Live++
		}
	}
	for _, c := range review.Comments {
		if !said[c.Fingerprint] {
			plan.Post = append(plan.Post, c)
			said[c.Fingerprint] = true
		}
	}
	return plan
}

// fold says why a comment is to be folded away, or nothing.
func fold(c change.Comment, gone, wanted, said bool) Reason {
	switch {
	case gone:
		return Resolved
	case c.HumanReplied || c.Resolved:
		return ""
	case c.Line == 0 && wanted:
		return Outdated
	case said:
		return Duplicate
	}
	return ""
}

// keep drops the folding of comments whose replacement is not posted.
func (p *Plan) keep(unposted []render.Comment) {
	for _, c := range unposted {
		before := len(p.Minimize)
		p.Minimize = slices.DeleteFunc(p.Minimize, func(m Minimize) bool { return m.Fingerprint == c.Fingerprint })
		p.Live += before - len(p.Minimize)
	}
}

// ours are the comments with a marker: those that a person took up first, then those with a line, then the
// oldest, so that of two with one fingerprint the right one stays.
func ours(conv change.Conversation) []change.Comment {
	var comments []change.Comment
	for _, c := range conv.Comments {
		if c.Fingerprint != "" {
			comments = append(comments, c)
		}
	}
	order := func(c change.Comment) int {
		switch {
		case c.HumanReplied || c.Resolved:
			return 0
		case c.Line > 0:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(comments, func(a, b change.Comment) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(a.ID, b.ID))
	})
	return comments
}
