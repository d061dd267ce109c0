package settings

import (
	"maps"
	"slices"

	"github.com/kms-review/kms-review/analyzer/finding"
)

// Path is where a repository, and an organisation's .github repository, keep the settings.
const Path = ".github/kms-review.yml"

// maxFileBytes is far above any sensible file; a larger one is not decoded.
const maxFileBytes = 64 << 10

// File is a settings file as read.
type File struct {
	Origin string // names the file to a reader: "owner/name:path@sha"
	Text   []byte
}

// Load lays the repository's file over the organisation's over the defaults; either may be nil. A file that is
// wrong anywhere is not used at all, and the diagnostics say what is wrong in which line. A repository cannot go
// below the organisation's floor, nor around it: where there is one, only the organisation says what is ignored, what is
// an example and, where their rules are in it, whom keys are shared with (KMS211) and that volumes are encrypted by default
// (KMS501, KMS502). Without, the lists of trusted accounts add up.
func Load(org, repo *File) (Settings, []finding.Diagnostic) {
	s := Default()
	var diags []finding.Diagnostic
	floor := floor{}
	for _, f := range []*File{org, repo} {
		if f == nil {
			continue
		}
		doc, problems := decode(f.Text)
		if f == repo && doc.Floor != nil {
			problems = append(problems, problem{doc.Floor.line, "`floor` belongs into the organisation's file"})
		}
		if f == repo && doc.Summary != nil {
			problems = append(problems, problem{doc.Summary.line, "`summary` belongs into the organisation's file"})
		}
		if len(problems) > 0 {
			diags = append(diags, broken(f, problems)...)
			continue
		}
		if f == repo {
			diags = append(diags, floor.keep(&doc, s, f.Origin)...)
		}
		doc.apply(&s)
		s.Sources = append(s.Sources, f.Origin)
		if doc.Floor != nil {
			floor = *doc.Floor
		}
	}
	floor.raise(&s)
	return s, diags
}

func broken(f *File, problems []problem) []finding.Diagnostic {
	var diags []finding.Diagnostic
	for _, p := range problems {
		diags = append(diags, finding.Diagnostic{
			Severity: "error", File: Path, StartLine: p.line,
			Summary: "The settings file is broken, so it is not used", Detail: p.text + " (" + f.Origin + ")",
		})
	}
	return diags
}

func (d document) apply(s *Settings) {
	if d.FailOn != nil {
		s.FailOn = finding.Severity(*d.FailOn)
	}
	maps.Copy(s.Rules, d.Rules)
	for _, p := range d.IgnorePaths {
		s.IgnoredPaths = append(s.IgnoredPaths, string(p))
	}
	if d.Examples != nil {
		s.ExamplePaths = nil
		for _, p := range *d.Examples {
			s.ExamplePaths = append(s.ExamplePaths, string(p))
		}
	}
	s.VarFiles = append(s.VarFiles, d.VarFiles...)
	if d.TrustedAccounts != nil {
		s.Options.TrustedAccounts = slices.Grow(s.Options.TrustedAccounts, 1) // none is not nil
		for _, a := range *d.TrustedAccounts {
			if !slices.Contains(s.Options.TrustedAccounts, string(a)) {
				s.Options.TrustedAccounts = append(s.Options.TrustedAccounts, string(a))
			}
		}
	}
	if d.EBSEncryptedByDefault != nil {
		s.Options.EBSEncryptedByDefault = *d.EBSEncryptedByDefault
	}
	for _, typ := range d.CustomerKeyRequired {
		if !slices.Contains(s.Options.CustomerKeyRequired, typ) {
			s.Options.CustomerKeyRequired = append(s.Options.CustomerKeyRequired, typ)
		}
	}
	if d.Summary != nil && d.Summary.Repository != nil {
		s.Summary.Repository = string(*d.Summary.Repository)
	}
	if d.Summary != nil && d.Summary.Digest != nil {
		s.Summary.Digest = Digest(*d.Summary.Digest)
	}
	if d.Drafts != nil {
		s.Drafts = Drafts(*d.Drafts)
	}
	if c := d.Comments; c != nil {
		if c.Severity != nil {
			s.CommentSeverity = finding.Severity(*c.Severity)
		}
		if c.Limit != nil {
			s.CommentLimit = int(*c.Limit)
		}
	}
}

func (f floor) insists() bool { return f.FailOn != nil && *f.FailOn != 0 || len(f.Rules) > 0 }

func (f floor) holds(id string) bool { return slices.Contains(f.Rules, ruleID(id)) }

// keep takes out of a repository's file what would lead around the floor, and says so.
func (f floor) keep(doc *document, org Settings, origin string) (diags []finding.Diagnostic) {
	unused := func(name, why string) {
		diags = append(diags, finding.Diagnostic{
			Severity: "warning", File: Path, Summary: "`" + name + "` is not used", Detail: why + " (" + origin + ").",
		})
	}
	const noEscape = "The organisation sets a floor, which no path escapes"
	if f.insists() && len(doc.IgnorePaths) > 0 {
		doc.IgnorePaths = nil
		unused("ignore_paths", noEscape)
	}
	if f.insists() && doc.Examples != nil {
		doc.Examples = nil
		unused("example_paths", noEscape)
	}
	if f.holds("KMS211") && org.Options.TrustedAccounts != nil && doc.TrustedAccounts != nil {
		doc.TrustedAccounts = nil
		unused("trusted_accounts", "The organisation's floor has KMS211, so its own list holds")
	}
	if (f.holds("KMS501") || f.holds("KMS502")) && doc.EBSEncryptedByDefault != nil && *doc.EBSEncryptedByDefault {
		doc.EBSEncryptedByDefault = nil
		unused("ebs_encrypted_by_default", "The organisation's floor has a rule that it would silence")
	}
	return diags
}

func (f floor) raise(s *Settings) {
	if f.FailOn != nil && *f.FailOn != 0 && (s.FailOn == 0 || s.FailOn > finding.Severity(*f.FailOn)) {
		s.FailOn = finding.Severity(*f.FailOn)
	}
	for _, id := range f.Rules {
		s.Rules[string(id)] = true
	}
}
