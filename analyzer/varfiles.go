package analyzer

import (
	"context"
	"maps"
	"slices"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// addUsers adds the directories that are given a changed var file, by the settings or for all by the command line.
func (a *analysis) addUsers(ctx context.Context, found map[string]bool) error {
	var changed []string
	everywhere := false
	for _, f := range a.in.Changed {
		for _, name := range []string{f.Path, f.OldPath} {
			if !terraform.IsVarFile(name) {
				continue
			}
			dirs, more := a.in.Settings.UsersOf(name)
			for _, dir := range dirs {
				found[dir] = true
			}
			everywhere = everywhere || slices.Contains(a.in.VarFiles, name)
			if more {
				changed = append(changed, name)
			}
		}
	}
	if !everywhere && len(changed) == 0 {
		return nil
	}
	all := map[string]bool{}
	if err := walk(ctx, a.in.Head, all); err != nil {
		return err
	}
	for dir := range all {
		found[dir] = found[dir] || everywhere || a.given(dir, changed)
	}
	maps.DeleteFunc(found, func(_ string, wanted bool) bool { return !wanted })
	return nil
}

// given tells whether the settings give a directory one of the files.
func (a *analysis) given(dir string, files []string) bool {
	return slices.ContainsFunc(a.in.Settings.VarFilesOf(dir), func(v terraform.VarFile) bool { return slices.Contains(files, v.Path) })
}
