package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"strconv"

	"github.com/bmatcuk/doublestar/v4"
	"go.yaml.in/yaml/v3"

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
// below the organisation's floor.
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
			problems = append(problems, problem{0, "`floor` belongs into the organisation's file"})
		}
		if len(problems) > 0 {
			diags = append(diags, broken(f, problems)...)
			continue
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

// document is the file's form. Pointers tell what is written from what is not.
type document struct {
	FailOn      *failOn         `yaml:"fail_on"`
	Rules       map[ruleID]bool `yaml:"rules"`
	IgnorePaths []pattern       `yaml:"ignore_paths"`
	Drafts      *drafts         `yaml:"drafts"`
	Comments    *struct {
		Severity *severity `yaml:"severity"`
		Limit    *limit    `yaml:"limit"`
	} `yaml:"comments"`
	Floor *floor `yaml:"floor"`
}

// floor is what an organisation insists on.
type floor struct {
	FailOn *failOn  `yaml:"fail_on"`
	Rules  []ruleID `yaml:"rules"` // must stay on
}

func (d document) apply(s *Settings) {
	if d.FailOn != nil {
		s.FailOn = finding.Severity(*d.FailOn)
	}
	for id, on := range d.Rules {
		rules := maps.Clone(s.Rules)
		rules[string(id)] = on
		s.Rules = rules
	}
	for _, p := range d.IgnorePaths {
		s.IgnoredPaths = append(s.IgnoredPaths, string(p))
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

func (f floor) raise(s *Settings) {
	if f.FailOn != nil && *f.FailOn != 0 && (s.FailOn == 0 || s.FailOn > finding.Severity(*f.FailOn)) {
		s.FailOn = finding.Severity(*f.FailOn)
	}
	for _, id := range f.Rules {
		s.Rules[string(id)] = true
	}
}

// problem is what is wrong in a line; 0 is the whole file.
type problem struct {
	line int
	text string
}

var yamlLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)

func decode(text []byte) (document, []problem) {
	if len(text) > maxFileBytes {
		return document{}, []problem{{0, fmt.Sprintf("it has %d bytes and the limit is %d", len(text), maxFileBytes)}}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	var doc document
	err := decoder.Decode(&doc)
	if err == nil && decoder.Decode(&struct{}{}) != io.EOF {
		return document{}, []problem{{0, "it holds more than one YAML document"}}
	}
	switch typeErr := (*yaml.TypeError)(nil); {
	case err == nil, errors.Is(err, io.EOF):
		return doc, nil
	case errors.As(err, &typeErr):
		var problems []problem
		for _, line := range typeErr.Errors {
			problems = append(problems, located(line))
		}
		return document{}, problems
	default:
		return document{}, []problem{located(err.Error())}
	}
}

var goType = regexp.MustCompile(` in type settings\.\w+| into settings\.\w+`)

// located takes the line out of the decoder's message, and its Go type names.
func located(message string) problem {
	message = goType.ReplaceAllString(message, "")
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		line, _ := strconv.Atoi(m[1]) // digits only
		return problem{line, m[2]}
	}
	return problem{0, message}
}

type (
	failOn   finding.Severity
	severity finding.Severity
	drafts   Drafts
	limit    int
	pattern  string
	ruleID   string
)

var ruleIDs = regexp.MustCompile(`^KMS\d{3}$`)

// UnmarshalYAML reads a severity or "never".
func (f *failOn) UnmarshalYAML(node *yaml.Node) error {
	if node.Value == "never" {
		*f = 0
		return nil
	}
	parsed, err := finding.ParseSeverity(node.Value)
	if err != nil {
		return fmt.Errorf("line %d: fail_on: %q is none of critical, high, medium, low, never", node.Line, node.Value)
	}
	*f = failOn(parsed)
	return nil
}

// UnmarshalYAML reads a severity.
func (s *severity) UnmarshalYAML(node *yaml.Node) error {
	parsed, err := finding.ParseSeverity(node.Value)
	if err != nil {
		return fmt.Errorf("line %d: %w", node.Line, err)
	}
	*s = severity(parsed)
	return nil
}

// UnmarshalYAML reads one of the words of Drafts.
func (d *drafts) UnmarshalYAML(node *yaml.Node) error {
	switch word := Drafts(node.Value); word {
	case DraftsCheck, DraftsReview, DraftsSkip:
		*d = drafts(word)
		return nil
	}
	return fmt.Errorf("line %d: drafts: %q is none of check, review, skip", node.Line, node.Value)
}

// UnmarshalYAML reads 0 to 20.
func (l *limit) UnmarshalYAML(node *yaml.Node) error {
	n, err := strconv.Atoi(node.Value)
	if err != nil || n < 0 || n > 20 {
		return fmt.Errorf("line %d: limit: want a number from 0 to 20", node.Line)
	}
	*l = limit(n)
	return nil
}

// UnmarshalYAML reads a glob.
func (p *pattern) UnmarshalYAML(node *yaml.Node) error {
	if !doublestar.ValidatePattern(node.Value) || node.Value == "" {
		return fmt.Errorf("line %d: %q is no valid path pattern", node.Line, node.Value)
	}
	*p = pattern(node.Value)
	return nil
}

// UnmarshalYAML reads a rule's ID.
func (r *ruleID) UnmarshalYAML(node *yaml.Node) error {
	if !ruleIDs.MatchString(node.Value) {
		return fmt.Errorf("line %d: %q is no rule: rules are named like KMS101", node.Line, node.Value)
	}
	*r = ruleID(node.Value)
	return nil
}
