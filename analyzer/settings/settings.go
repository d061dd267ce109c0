// Package settings owns the repository's settings file: what it may say, how the organisation's file and the
// repository's are laid over each other, and the floor that a repository cannot lower.
package settings

import (
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/rule"
)

// Drafts says what a draft pull request gets.
type Drafts string

// A draft's check run is always written unless drafts are skipped; comments wait until it is ready.
const (
	DraftsCheck  Drafts = "check"  // check run, no comments (default)
	DraftsReview Drafts = "review" // as if it were ready
	DraftsSkip   Drafts = "skip"   // nothing until it is ready
)

// Settings is what holds for one review, defaults included.
type Settings struct {
	FailOn          finding.Severity // 0: never fails
	Rules           map[string]bool  // rule ID -> on; a rule that is not named has its own default
	IgnoredPaths    []string         // globs with **, relative to the repository's root
	ExamplePaths    []string         // likewise: where only what fails, or is copied with the example, is reported
	Options         rule.Options     // what rules are told
	VarFiles        []VarFiles       // in the order in which they apply
	Drafts          Drafts
	CommentSeverity finding.Severity // inline comments at and above this
	CommentLimit    int              // inline comments in one review, 0..20
	Sources         []string         // which files were used, for the check run's summary
	Summary         Summary          // of all repositories; the organisation's file alone says it
}

// Summary says where the issue stands that tells how all repositories of an account stand.
type Summary struct {
	Repository string // name of a repository of the same account; "": .github-private, or else .github if it is private
	Digest     Digest
}

// Digest says whether a comment sums up what happened.
type Digest string

// The issue itself is edited without anybody being notified; a comment notifies.
const (
	DigestNever  Digest = "never" // default
	DigestWeekly Digest = "weekly"
)

// Default is what holds where no file says anything.
func Default() Settings {
	return Settings{
		FailOn: finding.High,
		// An environment may be called "test", so a directory of that name is none.
		ExamplePaths:    []string{"**/example/**", "**/examples/**", "**/fixtures/**", "**/testdata/**", "**/tests/**"},
		Rules:           map[string]bool{},
		Drafts:          DraftsCheck,
		CommentSeverity: finding.Medium,
		CommentLimit:    20,
		Summary:         Summary{Digest: DigestNever},
	}
}
