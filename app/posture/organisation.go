// Package posture owns how the repositories of an account stand: what the last look at each default branch found, what
// was not looked at and why, and how that changed from day to day. Package app/posture/report renders it and imports
// this package, so whatever here needs a rendering is given it as a function.
package posture

import (
	"time"

	"github.com/kms-review/kms-review/analyzer/finding"
)

// Organisation is how everything that one installation sees stands at one time. It is plain data: whoever renders it
// asks nobody else. Texts are those of the repositories, unquoted. Times are UTC.
type Organisation struct {
	Account      string // login of the organisation or the user
	Installation int64
	WebURL       string    // root of GitHub's pages, without a slash at the end; "" is https://github.com
	At           time.Time // when this was put together
	Version      string    // of the program whose rules judged

	Repositories []Repository // every one that the installation sees, whatever its state; in any order
	History      []Day        // one for each day on which anything was recorded, oldest first
}

// State says whether a repository was scanned, or why it was not.
type State string

// The states of a repository.
const (
	Scanned     State = "scanned"      // its findings are those of Commit
	NoTerraform State = "no_terraform" // looked at, nothing to scan
	Archived    State = "archived"
	Empty       State = "empty"     // no commit on the default branch
	Waiting     State = "waiting"   // not scanned yet, will be
	Failed      State = "failed"    // Reason says why; it will be tried again
	TooLarge    State = "too_large" // above the limits; Reason says which
	NoAccess    State = "no_access" // GitHub refuses to show it
)

// Repository is how one repository stands.
type Repository struct {
	ID          int64
	Owner, Name string
	Private     bool // or internal: not everybody may know of it
	Archived    bool
	Branch      string // the default branch

	State     State
	Reason    string    // of Failed, TooLarge and NoAccess: one sentence. Of Scanned: why the latest attempt failed, if it did
	Commit    string    // the last one that was scanned, whole SHA; "" if there is none
	FirstScan time.Time // what it found was there before, and is not new
	ScannedAt time.Time // of Commit; it moves on when a later look found nothing to scan again

	Findings  []Finding // open ones, in any order
	Fixed     []Fixed   // of the last 30 days
	Undecided []Undecided
	Unread    []finding.Diagnostic // files that could not be read, modules that could not be followed, broken settings
	Waivers   []Waiver

	Keys      Keys
	Consumers Consumers
}

// Finding is a problem that stands at a repository's Commit.
type Finding struct {
	Fingerprint string
	Rule, Name  string // "KMS101", "rotation-disabled"
	Severity    finding.Severity
	Address     string
	File        string // relative to the repository's root
	StartLine   int    // from 1; 0: the whole file
	EndLine     int    // inclusive
	Commit      string // at which File and the lines were read
	Message     string // two sentences of Markdown
	FirstSeen   time.Time
	PullRequest int // that brought it; 0: it was there before, or is not known
}

// Fixed is a problem that stood and stands no more.
type Fixed struct {
	Rule, Name string
	Severity   finding.Severity
	Address    string
	FirstSeen  time.Time
	At         time.Time
}

// Undecided counts the resources that a rule could not judge.
type Undecided struct {
	Rule  string
	Count int
}

// Waiver is a finding that somebody accepted in the code.
type Waiver struct {
	Rule, Name  string
	Severity    finding.Severity // of the finding that it covers
	Address     string
	File        string
	Line        int
	Commit      string
	Reason      string    // "" : none was given
	Until       time.Time // the last day on which it counts; zero: without end
	FirstSeen   time.Time
	PullRequest int // that brought it; 0: not known
}

// Keys counts the KMS keys that a repository declares.
type Keys struct {
	Count       int
	Rotatable   int // of a kind that AWS rotates: symmetric, AWS's own material, no custom key store
	Rotated     int // of Rotatable, those with rotation on
	OwnPolicy   int // with a key policy of their own, inline or beside
	MultiRegion int // primaries
}

// Consumers counts the resources that KMS could encrypt, by what does.
type Consumers struct {
	OwnKey       int // a customer managed key
	AWSKey       int // a key that AWS owns or manages
	NotEncrypted int
	Unknown      int // it depends on values that are not known
}

// Day is how the account stood at the end of a day, or stands on the one that has not ended.
type Day struct {
	Date   time.Time // midnight UTC
	All    Counts
	Public Counts // of the public repositories alone, for a page that everybody may see
}

// Counts are the numbers of one day.
type Counts struct {
	Repositories int // that the installation saw
	Scanned      int // State Scanned
	Clean        int // of Scanned, those without an open finding of medium severity and above

	Critical, High, Medium, Low int // open findings
	Waived                      int
	New, Fixed                  int // findings that came and went on this day
}
