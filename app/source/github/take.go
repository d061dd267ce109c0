package github

import (
	"context"
	"fmt"
	"path"

	"github.com/kms-review/kms-review/analyzer/terraform"
	"github.com/kms-review/kms-review/app/store"
)

// take enters the answer to a question.
func (ws *workspace) take(ctx context.Context, q question, a *answer) error {
	r := ws.r
	if q.number != 0 {
		if err := r.learn(ctx, a.pull); err != nil {
			return err
		}
	}
	if q.settingsAt != "" {
		origin := fmt.Sprintf("%s:%s@%s", r.ref.Repo.FullName(), settingsPath, q.settingsAt)
		ws.conversation.RepoSettings = ws.settingsFile(origin, a.settings)
	}
	if q.org {
		commit, found := a.org.settings()
		ws.conversation.OrgSettings = ws.settingsFile(fmt.Sprintf("%s/.github:%s@%s", r.ref.Repo.Owner, settingsPath, commit), found)
	}
	if q.settingsAt != "" {
		if err := ws.takeSettings(ctx); err != nil {
			return err
		}
	}
	for _, dir := range append(q.inline, q.names...) {
		if err := ws.takeListing(ctx, ws.dirs[dir], a.dirs[dir]); err != nil {
			return err
		}
	}
	for _, dir := range q.heads {
		if err := ws.takeModes(ws.dirs[dir], a.heads[dir]); err != nil {
			return err
		}
	}
	for _, sha := range q.blobs {
		if err := ws.takeBlob(ctx, sha, a.blobs[sha]); err != nil {
			return err
		}
	}
	return nil
}

// takeListing enters a directory of the merge base. One that does not exist there is empty, unless the compare
// says that a file in it was changed: then GitHub does not show the commit yet, and nothing is cached.
func (ws *workspace) takeListing(ctx context.Context, d *directory, o *object) error {
	var entries []store.Entry
	if o != nil && o.Typename == "Tree" {
		for _, e := range o.Entries {
			entries = append(entries, ws.takeEntry(e)...)
		}
	}
	ws.learn(d, entries)
	for _, f := range ws.in[d.path] {
		old := f.oldPath()
		if _, listed := d.entries[path.Base(old)]; old != "" && path.Dir(old) == d.path && !listed {
			return fmt.Errorf("GitHub's listing of %q at %s lacks %q, which its comparison names", d.path, ws.compared.mergeBase, old)
		}
	}
	return ws.r.source.store.PutListing(ctx, ws.r.ref.Repo.ID, ws.compared.mergeBase, storeDir(d.path), entries)
}

// takeEntry is an entry with its contents, if they came along, and of a directory the var files in it, by names
// with a slash.
func (ws *workspace) takeEntry(e treeEntry) []store.Entry {
	if !safeName(e.Name) {
		return nil
	}
	entries := []store.Entry{{Name: e.Name, SHA: e.OID, Mode: e.Mode, Size: e.Size}}
	if e.Object == nil {
		return entries
	}
	if e.Object.Text != nil && blobSHA([]byte(*e.Object.Text)) == e.OID {
		ws.add(e.OID, []byte(*e.Object.Text), true)
	}
	for _, below := range e.Object.Entries {
		if safeName(below.Name) && terraform.IsVarFile(below.Name) {
			entries = append(entries, store.Entry{Name: e.Name + "/" + below.Name, SHA: below.OID, Mode: below.Mode, Size: below.Size})
		}
	}
	return entries
}

// takeModes enters the modes at head, and compares GitHub's two statements about it.
func (ws *workspace) takeModes(d *directory, o *object) error {
	d.modes = map[string]treeEntry{}
	if o != nil {
		for _, e := range o.Entries {
			d.modes[e.Name] = e
		}
	}
	for _, f := range ws.in[d.path] {
		name := f.newPath()
		if name == "" || path.Dir(name) != d.path || !d.wants(path.Base(name)) {
			continue
		}
		entry, ok := d.modes[path.Base(name)]
		if !ok || (f.sha != "" && entry.OID != f.sha) {
			return fmt.Errorf("GitHub's listing of %q at %s does not fit its comparison at %q", d.path, ws.compared.head, name)
		}
		f.sha = entry.OID
	}
	return nil
}

// takeBlob enters contents that were asked for by id. What GraphQL cuts at 512,000 bytes, takes for binary or
// hands over changed is read by REST.
func (ws *workspace) takeBlob(ctx context.Context, sha string, o *object) error {
	switch {
	case o == nil || o.Typename != "Blob":
		ws.failed[sha] = "GitHub does not show its contents."
	case o.Blob.ByteSize > terraform.MaxFileBytes:
		ws.failed[sha] = tooLarge(o.Blob.ByteSize)
	case o.Blob.Text != nil && blobSHA([]byte(*o.Blob.Text)) == sha:
		ws.add(sha, []byte(*o.Blob.Text), true)
	default:
		return ws.readRaw(ctx, sha)
	}
	return nil
}

// readRaw reads one blob by REST.
func (ws *workspace) readRaw(ctx context.Context, sha string) error {
	content, found, err := ws.r.raw(ctx, sha)
	switch {
	case err != nil:
		return err
	case !found:
		ws.failed[sha] = "GitHub does not show its contents."
	default:
		ws.add(sha, content, true)
	}
	return nil
}
