package github

import (
	"context"
	"path"
	"slices"

	"github.com/kms-review/kms-review/analyzer/settings"
	"github.com/kms-review/kms-review/analyzer/terraform"
	"github.com/kms-review/kms-review/app/change"
)

// takeSettings reads which var files the settings name, and wants the directories that are given a changed one. What
// is wrong with the settings is said where they are used.
func (ws *workspace) takeSettings(ctx context.Context) error {
	ws.settings, _ = settings.Load(loadable(ws.conversation.OrgSettings), loadable(ws.conversation.RepoSettings))
	var byPattern []string
	for _, f := range ws.compared.files {
		for _, name := range []string{f.newPath(), f.oldPath()} {
			if !terraform.IsVarFile(name) {
				continue
			}
			dirs, more := ws.settings.UsersOf(name)
			for _, dir := range dirs {
				ws.wantUser(dir, false)
			}
			if more {
				byPattern = append(byPattern, name)
			}
		}
	}
	if len(byPattern) == 0 {
		return nil
	}
	return ws.wantUsers(ctx, byPattern)
}

func (ws *workspace) wantUser(dir string, calling bool) {
	if d := ws.want(dir, calling); d != nil {
		d.above = false
	}
}

// wantUsers looks through the whole tree, which is one request, for directories that a pattern gives one of the files.
func (ws *workspace) wantUsers(ctx context.Context, files []string) error {
	tree, err := ws.r.listTree(ctx, ws.compared.mergeBase)
	if err != nil {
		return err
	}
	if tree.GetTruncated() {
		ws.remark("Who is given the changed var files is not known completely: GitHub lists 100,000 files of a repository, and this one has more.")
	}
	seen := map[string]bool{}
	for _, e := range tree.Entries {
		name := path.Clean(e.GetPath())
		dir := path.Dir(name)
		if e.GetType() != "blob" || seen[dir] || !terraform.IsConfig(name) || kindOf(name) != config {
			continue
		}
		seen[dir] = true
		if slices.ContainsFunc(ws.settings.VarFilesOf(dir), func(v terraform.VarFile) bool { return slices.Contains(files, v.Path) }) {
			ws.wantUser(dir, true)
		}
	}
	return nil
}

func loadable(f change.SettingsFile) *settings.File {
	if f.Text == nil {
		return nil
	}
	return &settings.File{Origin: f.Origin, Text: f.Text}
}

// wantVarFiles wants the files that the settings name for a directory, which may lie anywhere.
func (ws *workspace) wantVarFiles(d *directory) {
	if !d.known || !d.config {
		return
	}
	for _, file := range ws.settings.VarFilesOf(d.path) {
		ws.wantFile(reference{dir: path.Dir(file.Path), name: path.Base(file.Path)}, d.calling)
	}
}
