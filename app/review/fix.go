package review

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/app/render"
	"github.com/kms-review/kms-review/app/rewrite"
)

// maxRounds bounds how often everything is judged again. Suggestions that do not touch each other share a round.
const maxRounds = 100

// Mended is a change or directory after its suggestions were applied, in memory. Its Report is the one of what is left.
type Mended struct {
	*Local
	Fixed []finding.Finding // as they were found, each with the suggestion that cured it
	Files []rewrite.File    // sorted by path, which is relative to the root of the repository or directory

	inside string            // the part of the root that may be changed: "." or "infra"
	hidden []finding.Hidden  // secrets in Before
	texts  map[string][]byte // of the changed files
	given  []analyzer.ChangedFile
	tried  map[finding.Suggestion]bool // what did no good after all
	failed []finding.Finding           // whose file could not be written
}

// FixLocal judges as RunLocal does and applies the suggestions, as many together as are proven together: everything is
// judged again after each round, and a round that brings anything new is taken back. Nothing is written. Only files
// below opts.Dir are changed. The error is as RunLocal's.
func FixLocal(ctx context.Context, opts LocalOptions) (*Mended, error) {
	local, err := RunLocal(ctx, opts)
	if local == nil {
		return nil, err
	}
	m := &Mended{Local: local, texts: map[string][]byte{}, given: local.in.Changed, tried: map[finding.Suggestion]bool{}}
	if err != nil {
		return m, err
	}
	m.hidden = local.Report.Hidden
	if m.inside, err = below(local.root, opts.Dir); err != nil {
		return nil, errors.Join(err, local.Close())
	}
	for range maxRounds {
		batch := m.batch()
		if len(batch) == 0 {
			break
		}
		if err := m.apply(ctx, batch); err != nil {
			return nil, errors.Join(err, local.Close())
		}
	}
	if err := m.collect(); err != nil {
		return nil, errors.Join(err, local.Close())
	}
	return m, nil
}

// batch chooses findings whose suggestions do not touch each other.
func (m *Mended) batch() []finding.Finding {
	var chosen []finding.Finding
	for _, f := range m.Report.Findings {
		s := f.Suggestion
		if f.Status != finding.New || s == nil || m.tried[*s] || !m.Within(s.File) {
			continue
		}
		if !slices.ContainsFunc(chosen, func(other finding.Finding) bool { return touches(*other.Suggestion, *s) }) {
			chosen = append(chosen, f)
		}
	}
	return chosen
}

// touches tells that two suggestions change the same lines of a file, and are not one and the same.
func touches(a, b finding.Suggestion) bool {
	return a != b && a.File == b.File && a.StartLine <= b.EndLine && b.StartLine <= a.EndLine
}

// Within tells that a file, by its path in the report, may be changed.
func (m *Mended) Within(file string) bool {
	return m.inside == "." || strings.HasPrefix(file, m.inside+"/")
}

// apply keeps what a batch does if it does what it should. A batch that does not is halved, and what is left of it comes
// again with suggestions that fit the new text.
func (m *Mended) apply(ctx context.Context, batch []finding.Finding) error {
	texts, err := m.applied(batch)
	if err != nil {
		return err
	}
	before, in := m.Report, m.in
	m.in.Head, m.in.Changed = fix.Overlay(m.head, texts), touched(m.given, texts)
	if err := m.judge(ctx); err != nil && !errors.Is(err, analyzer.ErrNothingReadable) {
		return fmt.Errorf("judge what the suggestions make: %w", err)
	}
	if m.formatted(texts) && better(before, m.Report, batch) {
		m.texts, m.Fixed = texts, append(m.Fixed, batch...)
		return nil
	}
	m.Report, m.in = before, in
	if len(batch) == 1 {
		m.tried[*batch[0].Suggestion] = true
		return nil
	}
	return m.apply(ctx, batch[:len(batch)/2])
}

// applied are the changed texts with a batch on top.
func (m *Mended) applied(batch []finding.Finding) (map[string][]byte, error) {
	byFile := map[string][]finding.Suggestion{}
	for _, f := range batch {
		if s := *f.Suggestion; !slices.Contains(byFile[s.File], s) {
			byFile[s.File] = append(byFile[s.File], s)
		}
	}
	texts := map[string][]byte{}
	for file, text := range m.texts {
		texts[file] = text
	}
	for file, suggestions := range byFile {
		text, err := fs.ReadFile(m.in.Head, file)
		if err != nil {
			return nil, fmt.Errorf("read %q: %w", file, err)
		}
		// From the end, so that the lines before stay where they are.
		slices.SortFunc(suggestions, func(a, b finding.Suggestion) int { return b.StartLine - a.StartLine })
		for _, s := range suggestions {
			text = fix.ApplySuggestion(text, s)
		}
		texts[file] = text
	}
	return texts, nil
}

// touched adds files to those that a change touches, so that they are read for what they are.
func touched(given []analyzer.ChangedFile, texts map[string][]byte) []analyzer.ChangedFile {
	all := slices.Clone(given)
	if all == nil {
		return nil // a scan, which reads everything
	}
	for file := range texts {
		if !slices.ContainsFunc(given, func(f analyzer.ChangedFile) bool { return f.Path == file }) {
			all = append(all, analyzer.ChangedFile{Path: file, OldPath: file})
		}
	}
	slices.SortFunc(all, func(a, b analyzer.ChangedFile) int { return strings.Compare(a.Path+a.OldPath, b.Path+b.OldPath) })
	return all
}

func (m *Mended) formatted(texts map[string][]byte) bool {
	for file, text := range texts {
		before, err := fs.ReadFile(m.head, file)
		if err != nil || !fix.KeepsFormat(before, text) {
			return false
		}
	}
	return true
}

// below is the path of a directory relative to a root that holds it, with slashes.
func below(root, dir string) (string, error) {
	var paths [2]string
	for i, p := range []string{root, dir} {
		absolute, err := filepath.Abs(p)
		if err == nil {
			absolute, err = filepath.EvalSymlinks(absolute)
		}
		if err != nil {
			return "", fmt.Errorf("find directory %s: %w", p, err)
		}
		paths[i] = absolute
	}
	relative, err := filepath.Rel(paths[0], paths[1])
	if err != nil || !filepath.IsLocal(relative) {
		return "", fmt.Errorf("%s does not lie in %s", dir, root)
	}
	return filepath.ToSlash(relative), nil
}

// Save writes the changed files and returns the paths of those that were written.
func (m *Mended) Save() (done []string, err error) {
	var files []rewrite.File
	for _, f := range m.Files {
		if m.inside != "." {
			f.Path = strings.TrimPrefix(f.Path, m.inside+"/")
		}
		files = append(files, f)
	}
	done, err = rewrite.Files(filepath.Join(m.root, filepath.FromSlash(m.inside)), files)
	m.Fixed = slices.DeleteFunc(m.Fixed, func(f finding.Finding) bool {
		written := slices.ContainsFunc(done, func(file string) bool { return path.Join(m.inside, file) == f.Suggestion.File })
		if !written {
			m.failed = append(m.failed, f)
		}
		return !written
	})
	return done, err
}

// Patch writes what would be changed as a unified diff, and returns the files of which a part is left out because a
// secret stands beside it.
func (m *Mended) Patch(w io.Writer) (withheld []string, err error) {
	for _, f := range m.Files {
		whole, err := render.Patch(w, f.Path, f.Before, f.After, m.hidden)
		if err != nil {
			return withheld, err
		}
		if !whole {
			withheld = append(withheld, f.Path)
		}
	}
	return withheld, nil
}

// better tells that a batch is cured, and that nothing else came up.
func better(before, after analyzer.Report, batch []finding.Finding) bool {
	known := map[string]bool{}
	for _, f := range before.Findings {
		for _, key := range problems(f) {
			known[key] = true
		}
	}
	for _, f := range batch {
		for _, key := range problems(f) {
			known[key] = false
		}
	}
	for _, f := range after.Findings {
		if slices.ContainsFunc(problems(f), func(key string) bool { return !known[key] }) {
			return false
		}
	}
	type fault struct{ file, summary string }
	faults := map[fault]bool{}
	for _, d := range before.Diagnostics {
		faults[fault{d.File, d.Summary}] = true
	}
	return !slices.ContainsFunc(after.Diagnostics, func(d finding.Diagnostic) bool { return !faults[fault{d.File, d.Summary}] })
}

// Left are the new findings that remain, each with the reason why nothing was done about it.
func (m *Mended) Left() []render.Left {
	var left []render.Left
	for _, f := range m.failed {
		left = append(left, render.Left{Finding: f, Reason: "its file was not written"})
	}
	for _, f := range m.Report.Findings {
		if f.Status != finding.New {
			continue
		}
		reason := "how to mend it is for a person to decide"
		switch {
		case f.Suggestion == nil && f.Unproven != "":
			reason = "no suggestion was proven: " + f.Unproven
		case f.Suggestion == nil:
		case !m.Within(f.Suggestion.File):
			reason = "its suggestion is for a file outside of this directory"
		case m.tried[*f.Suggestion]:
			reason = "its suggestion does no good together with the others"
		default:
			reason = "its suggestion came up late; fix again"
		}
		left = append(left, render.Left{Finding: f, Reason: reason})
	}
	return left
}

// problems tell a new finding apart by what it is and by each instance that has it.
func problems(f finding.Finding) []string {
	if f.Status != finding.New {
		return nil
	}
	if len(f.Instances) == 0 {
		return []string{f.Fingerprint}
	}
	var keys []string
	for _, instance := range f.Instances {
		keys = append(keys, f.Fingerprint+instance)
	}
	return keys
}

// collect lists the changed files with what they were.
func (m *Mended) collect() error {
	for file, text := range m.texts {
		before, err := fs.ReadFile(m.head, file)
		if err != nil {
			return fmt.Errorf("read %q: %w", file, err)
		}
		if !bytes.Equal(before, text) {
			m.Files = append(m.Files, rewrite.File{Path: file, Before: before, After: text})
		}
	}
	slices.SortFunc(m.Files, func(a, b rewrite.File) int { return strings.Compare(a.Path, b.Path) })
	return nil
}
