// Package ruletest owns the running of a rule's specification: the examples in it are analysed, and what they
// say about themselves is held against what the whole analyzer says.
//
// A specification is an archive: prose, then files. A file belongs to the example that its first directory
// names. An example is a snapshot (`<example>/main.tf`), or a change where it has `<example>/base/` and
// `<example>/head/`. Comments say what has to happen on their line: `# want KMS101` a new finding of the rule's
// severity, `# want KMS502 medium` one of another, `# undecided KMS101` one that cannot be judged; `# want+3 KMS101` and
// `# undecided-2 KMS101` speak of a line below or above, for lines of a heredoc, which take no comment; `# want` in a
// file of the base, of lines that the change takes away. Without them the rule must stay silent. `<file>.fixed` is the
// file after all suggestions of the rule were accepted; without it there must be none. A `.github/kms-review.yml` at head
// is the settings. An example called `broken-*` may hold files that do not parse.
package ruletest

import (
	"bytes"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/rule"
)

// Example is one example of a specification.
type Example struct {
	Name  string
	Base  map[string]string // nil: a snapshot
	Head  map[string]string
	Fixed map[string]string // by the path of the file that it is the fixed form of

	want      map[mark]finding.Severity
	undecided map[mark]bool
}

// mark is a line of a file in the head, or in the base.
type mark struct {
	file   string
	line   int
	atBase bool
}

func (m mark) String() string {
	if m.atBase {
		return fmt.Sprintf("base/%s:%d", m.file, m.line)
	}
	return fmt.Sprintf("%s:%d", m.file, m.line)
}

// Examples reads the examples of a rule's specification, in their order.
func Examples(r rule.Rule) ([]Example, error) {
	examples, err := read(r.Spec)
	if err != nil {
		return nil, fmt.Errorf("specification of %s: %w", r.ID, err)
	}
	for i := range examples {
		e := &examples[i]
		for _, id := range e.named() {
			if id != r.ID {
				return nil, fmt.Errorf("specification of %s, example %q: a mark speaks of %s", r.ID, e.Name, id)
			}
		}
		e.readMarks(r)
	}
	return examples, nil
}

// Judged is an example with one of the rules that its marks name.
type Judged struct {
	Example
	Rule rule.Rule
}

// Shared reads the examples of an archive that belongs to no rule, each as often as its marks name different ones: that
// of a family of services, where one change is seen by several rules.
func Shared(archive string, byID func(id string) (r rule.Rule, ok bool)) ([]Judged, error) {
	examples, err := read(archive)
	if err != nil {
		return nil, err
	}
	var all []Judged
	for _, e := range examples {
		for _, id := range e.named() {
			r, ok := byID(id)
			if !ok {
				return nil, fmt.Errorf("example %q: a mark speaks of %s, which is no rule", e.Name, id)
			}
			e.readMarks(r)
			all = append(all, Judged{e, r})
		}
	}
	return all, nil
}

// read reads examples without their marks.
func read(archive string) ([]Example, error) {
	byName := map[string]*Example{}
	var names []string
	for _, file := range txtar.Parse([]byte(archive)).Files {
		name, path, ok := strings.Cut(file.Name, "/")
		if !ok {
			return nil, fmt.Errorf("%q lies in no example", file.Name)
		}
		example := byName[name]
		if example == nil {
			example = &Example{Name: name, Head: map[string]string{}, Fixed: map[string]string{}}
			byName[name] = example
			names = append(names, name)
		}
		example.add(path, string(file.Data))
	}
	examples := make([]Example, 0, len(names))
	for _, name := range names {
		examples = append(examples, *byName[name])
	}
	return examples, nil
}

func (e *Example) add(path, text string) {
	if before, ok := strings.CutPrefix(path, "base/"); ok {
		if e.Base == nil {
			e.Base = map[string]string{}
		}
		e.Base[before] = text
		return
	}
	path = strings.TrimPrefix(path, "head/")
	if fixed, ok := strings.CutSuffix(path, ".fixed"); ok {
		e.Fixed[fixed] = text
		return
	}
	e.Head[path] = text
}

var markPattern = regexp.MustCompile(`# (want|undecided)([+-]\d+)? (\S+)(?: (critical|high|medium|low)\b)?`)

// named lists the rules that marks speak of, sorted.
func (e *Example) named() []string {
	var ids []string
	for _, files := range []map[string]string{e.Base, e.Head} {
		for _, text := range files {
			for _, match := range markPattern.FindAllStringSubmatch(text, -1) {
				ids = append(ids, match[3])
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// readMarks reads the marks that speak of a rule.
func (e *Example) readMarks(r rule.Rule) {
	e.want, e.undecided = map[mark]finding.Severity{}, map[mark]bool{}
	e.readMarksIn(e.Base, true, r)
	e.readMarksIn(e.Head, false, r)
}

func (e *Example) readMarksIn(files map[string]string, atBase bool, r rule.Rule) {
	for path, text := range files {
		for i, line := range strings.Split(text, "\n") {
			for _, match := range markPattern.FindAllStringSubmatch(line, -1) {
				if match[3] != r.ID {
					continue
				}
				away, _ := strconv.Atoi(match[2]) // digits, or nothing
				at := mark{path, i + 1 + away, atBase}
				if match[1] == "undecided" {
					e.undecided[at] = true
					continue
				}
				e.want[at] = r.Severity
				if severity, err := finding.ParseSeverity(match[4]); err == nil {
					e.want[at] = severity
				}
			}
		}
	}
}

// Wants tells that the example has a line to report.
func (e Example) Wants() bool { return len(e.want) > 0 }

// Undecided tells that the example has a line that cannot be judged.
func (e Example) Undecided() bool { return len(e.undecided) > 0 }

// Broken tells that the example may hold files that do not parse.
func (e Example) Broken() bool { return strings.HasPrefix(e.Name, "broken-") }

// tree is a map of texts as a file system.
func tree(files map[string]string) (fs.FS, error) {
	archive := &txtar.Archive{}
	for path, text := range files {
		archive.Files = append(archive.Files, txtar.File{Name: path, Data: []byte(text)})
	}
	sort.Slice(archive.Files, func(i, j int) bool { return archive.Files[i].Name < archive.Files[j].Name })
	return txtar.FS(archive)
}

// with is a copy of texts with some replaced.
func with(files, replaced map[string]string) map[string]string {
	out := map[string]string{}
	for path, text := range files {
		out[path] = text
	}
	for path, text := range replaced {
		out[path] = text
	}
	return out
}

func splitLines(text string) [][]byte {
	lines := bytes.SplitAfter([]byte(text), []byte("\n"))
	if len(lines[len(lines)-1]) == 0 {
		lines = lines[:len(lines)-1]
	}
	return lines
}
