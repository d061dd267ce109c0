package terraform

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
)

var (
	inAndOut   = regexp.MustCompile(`(?m)^\s*"?(?:variable|output)"?\s*[":{]`)
	onlyInRoot = regexp.MustCompile(`(?m)^\s*"?(?:backend|cloud|provider)"?\s*[":{]`)
)

// Callable tells whether other directories may call this one: it has variables or outputs, and nothing that only
// a root module has.
func Callable(fsys fs.FS, dir string) bool {
	d := readDirectory(fsys, dir, nil)
	if d == nil || d.found[LockFile] || d.found["terraform.tfvars"] {
		return false
	}
	offers := false
	for _, text := range d.texts {
		if onlyInRoot.Match(text) {
			return false
		}
		offers = offers || inAndOut.Match(text)
	}
	return offers
}

// Callers lists, of the given directories, those that call one of the targets, directly or through others.
func Callers(ctx context.Context, fsys fs.FS, dirs, targets []string) ([]string, error) {
	callers := map[string][]string{}
	for _, dir := range dirs {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("look for callers: %w", err)
		}
		names, _ := configFiles(fsys, dir)
		for _, name := range names {
			text, err := readBounded(fsys, path.Join(dir, name))
			if err != nil {
				continue // said where the directory is loaded
			}
			for _, source := range LocalSources(text) {
				callee := path.Join(dir, source)
				callers[callee] = append(callers[callee], dir)
			}
		}
	}
	found := map[string]bool{}
	for pending := slices.Clone(targets); len(pending) > 0; pending = pending[1:] {
		for _, caller := range callers[pending[0]] {
			if !found[caller] {
				found[caller] = true
				pending = append(pending, caller)
			}
		}
	}
	return sortedKeys(found), nil
}
