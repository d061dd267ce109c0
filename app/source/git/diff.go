package git

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/app/change"
)

// patchFlags make a diff that says the same in every repository and runs nothing: no colour, no external program, no
// converter, no look into submodules. The hunks have three lines of context, as on GitHub.
func patchFlags() []string {
	return []string{
		"-z", "--raw", "-p", "-M", "-l1000", "-U3", "--inter-hunk-context=0", "--full-index", "--diff-algorithm=myers",
		"--no-color", "--no-ext-diff", "--no-textconv", "--no-relative", "--ignore-submodules=all",
	}
}

// listFlags make git compare ids alone.
func listFlags() []string {
	return []string{"-z", "--raw", "--no-renames", "--no-relative", "--ignore-submodules=all"}
}

// shown are the files whose hunks somebody needs. Of all others git compares the ids and reads nothing, so that a
// large file that a partial clone lacks is no obstacle.
var shown = []string{
	"**/*.tf", "**/*.tf.json", "**/*.tofu", "**/*.tofu.json", "**/*.tfvars", "**/*.tfvars.json", "**/*.tftpl", "**/*.tpl", "**/*.tmpl",
}

// diff runs diff-tree or diff-index. Revisions are ids, never what somebody typed.
func (r *Repository) diff(ctx context.Context, subcommand string, revisions ...string) ([]change.File, error) {
	run := func(git command, flags []string, paths ...string) ([]patched, error) {
		args := slices.Concat([]string{subcommand}, flags, revisions, []string{"--"}, paths)
		out, err := git.output(ctx, nil, args...)
		if err != nil {
			return nil, fmt.Errorf("compare revisions: %w", err)
		}
		return parseDiff(out)
	}
	all, err := run(r.git, listFlags())
	if err != nil {
		return nil, err
	}
	files, err := run(r.git.with("GIT_LITERAL_PATHSPECS=0", "GIT_GLOB_PATHSPECS=1"), patchFlags(), shown...)
	if err != nil {
		return nil, err
	}
	if err := asText(files, func(flags []string, paths ...string) ([]patched, error) {
		return run(r.git, append(patchFlags(), flags...), paths...)
	}); err != nil {
		return nil, err
	}
	return merged(all, files), nil
}

// merged adds the files of which only the ids were compared.
func merged(all, files []patched) []change.File {
	told := map[string]bool{}
	var result []change.File
	for _, file := range files {
		told[file.Path], told[file.OldPath] = true, true
		result = append(result, file.File)
	}
	for _, file := range all {
		if !told[file.Path] {
			result = append(result, file.File)
		}
	}
	slices.SortFunc(result, func(a, b change.File) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.OldPath, b.OldPath))
	})
	return result
}

// asText gets the hunks of Terraform files that git takes for binary: a line in .gitattributes is enough for that,
// and would hide where a file changed.
func asText(files []patched, run func(flags []string, paths ...string) ([]patched, error)) error {
	const most = 200 // paths are arguments, whose length has a limit
	var paths []string
	for _, file := range files {
		if file.binary && isTerraform(file.Path) && len(paths) < most {
			paths = append(paths, file.Path)
			if file.OldPath != "" {
				paths = append(paths, file.OldPath)
			}
		}
	}
	if len(paths) == 0 {
		return nil
	}
	texts, err := run([]string{"--text"}, paths...)
	if err != nil {
		return err
	}
	hunks := map[string][]change.Hunk{}
	for _, text := range texts {
		hunks[text.Path] = text.Hunks
	}
	for i := range files {
		if files[i].binary {
			files[i].Hunks = hunks[files[i].Path]
		}
	}
	return nil
}

// patched is a changed file as diff told of it. binary: git shows no lines of it.
type patched struct {
	change.File
	sections int
	binary   bool
}

var errDiff = errors.New("git's diff is malformed")

// parseDiff reads `--raw -z -p`: records with unquoted paths, NUL, then one section of patch for each record in the
// same order (two where a file became a symbolic link or the other way round: git shows a removal and an addition).
// https://git-scm.com/docs/diff-format
func parseDiff(out []byte) ([]patched, error) {
	files, patch, err := parseRecords(out)
	if err != nil {
		return nil, err
	}
	if len(patch) == 0 {
		return files, nil // the list alone was asked for, or nothing differs
	}
	sections := splitSections(patch)
	for i := range files {
		file := &files[i]
		if len(sections) < file.sections {
			return nil, fmt.Errorf("%w: no patch for %q", errDiff, file.Path)
		}
		for _, section := range sections[:file.sections] {
			hunks, err := parseSection(section)
			if err != nil {
				return nil, fmt.Errorf("patch of %q: %w", file.Path, err)
			}
			file.Hunks = append(file.Hunks, hunks...)
			file.binary = file.binary || bytes.Contains(section, []byte("\nBinary files "))
		}
		sections = sections[file.sections:]
	}
	if len(sections) > 0 {
		return nil, fmt.Errorf("%w: %d patches that belong to no file", errDiff, len(sections))
	}
	return files, nil
}

// parseRecords returns the records and what follows them.
func parseRecords(out []byte) ([]patched, []byte, error) {
	var files []patched
	changed := map[string]bool{}
	for len(out) > 0 && out[0] == ':' {
		file, rest, err := parseRecord(out)
		if err != nil {
			return nil, nil, err
		}
		out = rest
		files = append(files, file)
		changed[file.Path] = changed[file.Path] || file.sections > 0
	}
	// A file in a merge conflict has a record that says "unmerged" besides the one with its change.
	files = slices.DeleteFunc(files, func(f patched) bool { return f.sections == 0 && changed[f.Path] })
	return files, bytes.TrimLeft(out, "\x00"), nil
}

// parseRecord reads ":mode mode id id STATUS" NUL path NUL, with a second path where the file was renamed.
func parseRecord(out []byte) (patched, []byte, error) {
	header, rest, ok := bytes.Cut(out, []byte{0})
	first, rest, ok2 := bytes.Cut(rest, []byte{0})
	fields := strings.Fields(string(header))
	if !ok || !ok2 || len(fields) != 5 {
		return patched{}, nil, errDiff
	}
	file := patched{File: change.File{Path: string(first)}, sections: 1}
	switch fields[4][0] {
	case 'A':
		file.Status = change.Added
	case 'D':
		file.Status = change.Removed
	case 'M':
		file.Status = change.Modified
	case 'T':
		file.Status, file.sections = change.Modified, 2
	case 'U':
		file.Status, file.sections = change.Modified, 0
	case 'R':
		second, after, ok := bytes.Cut(rest, []byte{0})
		if !ok {
			return patched{}, nil, errDiff
		}
		file.Status, file.OldPath, file.Path, rest = change.Renamed, file.Path, string(second), after
	default:
		return patched{}, nil, fmt.Errorf("%w: status %q of %q", errDiff, fields[4], first)
	}
	return file, rest, nil
}

// splitSections cuts a patch at each file's first line. No line inside a hunk begins like it, and git quotes a path
// that holds a line break.
func splitSections(patch []byte) [][]byte {
	var sections [][]byte
	start, at := -1, 0
	for line := range bytes.Lines(patch) {
		if bytes.HasPrefix(line, []byte("diff --git ")) {
			if start >= 0 {
				sections = append(sections, patch[start:at])
			}
			start = at
		}
		at += len(line)
	}
	if start >= 0 {
		sections = append(sections, patch[start:])
	}
	return sections
}

func parseSection(section []byte) ([]change.Hunk, error) {
	at := bytes.Index(section, []byte("\n@@ "))
	if at < 0 {
		return nil, nil
	}
	return change.ParseHunks(section[at+1:])
}
