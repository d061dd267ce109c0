// Package render owns how a report looks: pure functions from values to a check run, inline comments and text.
// Everything that came from a repository is data here: it is quoted so that nothing of it takes effect.
package render

// CheckName is the check run's name. A branch protection rule names it, so it never changes.
const CheckName = "KMS Review"

// Conclusion is how a check run ends, in GitHub's words.
type Conclusion string

// The conclusions that the App uses.
const (
	Success        Conclusion = "success"
	Failure        Conclusion = "failure"
	Neutral        Conclusion = "neutral"
	ActionRequired Conclusion = "action_required"
	TimedOut       Conclusion = "timed_out"
)

// Review is everything that should be visible on a pull request.
type Review struct {
	HeadSHA  string // the commit that was judged; the publisher refuses to write it to another one
	Check    Check
	Comments []Comment // worst first; each stands on lines inside one hunk

	// Own is the verdict without the other pull requests that share the head; Check has the worst of all.
	Own Result
	// Standing are the fingerprints of all findings at head. A comment whose fingerprint is not among them
	// is resolved, unless Complete is false: what could not be read proves nothing.
	Standing []string
	Complete bool
}

// Result is one pull request's verdict, as listed where several share a head commit.
type Result struct {
	Number     int
	Conclusion Conclusion
	Title      string
}

// Check is a completed check run.
type Check struct {
	Conclusion  Conclusion
	Title       string
	Summary     string       // Markdown, at most 65,535 bytes
	Text        string       // Markdown, at most 65,535 bytes
	Annotations []Annotation // any number: the publisher sends them in batches
}

// Annotation is a remark on lines of a file at head, plain text.
type Annotation struct {
	Path      string
	StartLine int
	EndLine   int
	Level     string // "notice", "warning", "failure"
	Title     string
	Message   string
}

// Comment is an inline comment. StartLine is 0 for a comment on one line.
type Comment struct {
	Fingerprint string
	Path        string
	StartLine   int
	Line        int
	AtBase      bool   // the lines are those of the base, which the change takes away
	Body        string // Markdown with the hidden marker
}

// Options is what a rendering needs besides the judgement.
type Options struct {
	WebURL string   // root of GitHub's pages, for permalinks; "" is https://github.com
	Shared []Result // other open pull requests with the same head commit
}
