package github

import (
	"context"
	"fmt"
	"path"
	"slices"

	"github.com/kms-review/kms-review/analyzer/terraform"
	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/store"
)

// Bounds on documents. GitHub answers 502 to what takes it more than 10 s.
const (
	maxRounds       = 20
	inlineBatch     = 25
	namesBatch      = 50
	blobBatch       = 100
	blobBatchBytes  = 6 << 20
	unknownBlobSize = 64 << 10
)

// gather asks until nothing is missing. The first document carries the pull request's state, so that with a warm
// cache it is the only one.
func (ws *workspace) gather(ctx context.Context) error {
	for round := 0; ; round++ {
		if err := ws.expand(ctx); err != nil {
			return err
		}
		q := ws.missing()
		if !ws.asked {
			ws.askConversation(&q)
			ws.asked = true
		}
		if q.empty() {
			break
		}
		if round == maxRounds {
			ws.gap("", "The change leads to more directories than can be read in time, so it could not be read completely.")
			break
		}
		answered, err := ws.r.ask(ctx, q)
		if err == nil {
			err = ws.take(ctx, q, answered)
		}
		if err != nil {
			return err
		}
	}
	return ws.keep(ctx)
}

// askConversation adds what is not contents: the state unless it is known, and the settings files.
func (ws *workspace) askConversation(q *question) {
	r := ws.r
	if r.state == nil {
		q.number = r.ref.Number
	}
	q.settingsAt = r.base
	q.org = r.ref.Repo.Name != ".github" && r.client.Covers(".github")
}

// expand follows what is known as far as the store reaches: listings, contents, patches, references.
func (ws *workspace) expand(ctx context.Context) error {
	for {
		before := len(ws.dirs) + len(ws.blobs)
		known, err := ws.recall(ctx)
		if err != nil {
			return err
		}
		ws.patch()
		for i := 0; i < len(ws.order); i++ { // it grows
			ws.scan(ws.order[i])
			ws.wantVarFiles(ws.order[i])
		}
		if !known && before == len(ws.dirs)+len(ws.blobs) {
			return nil
		}
	}
}

// recall reads listings and contents from the store, and tells whether it found a listing.
func (ws *workspace) recall(ctx context.Context) (found bool, err error) {
	cache, repo := ws.r.source.store, ws.r.ref.Repo.ID
	for _, d := range ws.order {
		if d.known {
			continue
		}
		entries, ok, err := cache.Listing(ctx, repo, ws.compared.mergeBase, storeDir(d.path))
		if err != nil {
			return false, err
		}
		if ok {
			ws.learn(d, entries)
			found = true
		}
	}
	var shas []string
	for _, f := range ws.files() {
		if _, have := ws.blobs[f.sha]; !have && f.sha != "" && f.regular() && !ws.looked[f.sha] {
			ws.looked[f.sha] = true
			shas = append(shas, f.sha)
		}
	}
	if len(shas) == 0 {
		return found, nil
	}
	blobs, err := cache.Blobs(ctx, repo, shas)
	for _, sha := range shas {
		if content, ok := blobs[sha]; ok {
			ws.add(sha, content, false)
		}
	}
	return found, err
}

// storeDir is how the store names a directory: the root is "".
func storeDir(dir string) string {
	if dir == "." {
		return ""
	}
	return dir
}

// learn enters the listing of a directory at the merge base.
func (ws *workspace) learn(d *directory, entries []store.Entry) {
	d.known = true
	d.entries = make(map[string]store.Entry, len(entries))
	for _, entry := range entries {
		d.entries[entry.Name] = entry
		d.config = d.config || terraform.IsConfig(entry.Name)
	}
	for _, f := range ws.in[d.path] {
		d.config = d.config || terraform.IsConfig(f.Path)
	}
}

// files are the wanted files of both sides, as far as their directories are known. Of the others, those that no
// patch can make: they are asked for together with the directory. (A file that was only moved has no patch, and
// its contents come with the listing.)
func (ws *workspace) files() []file {
	var files []file
	for _, d := range ws.order {
		if d.known {
			files = append(append(files, d.base()...), ws.head(d)...)
			continue
		}
		for _, f := range ws.head(d) {
			if f.changed != nil && !f.changed.hasPatch && f.changed.Status != change.Renamed {
				files = append(files, f)
			}
		}
	}
	return files
}

// add keeps contents, within the bound on all of them.
func (ws *workspace) add(sha string, content []byte, fresh bool) {
	if _, have := ws.blobs[sha]; have {
		return
	}
	if ws.bytes+len(content) > maxContents {
		ws.failed[sha] = "The change reaches more than 64 MB of files; this one was not read any more."
		return
	}
	ws.bytes += len(content)
	ws.blobs[sha] = content
	ws.fresh[sha] = fresh
}

// patch makes the text at head of each changed file whose text at the merge base is known.
func (ws *workspace) patch() {
	for _, d := range ws.order {
		if !d.known {
			continue
		}
		for _, f := range ws.head(d) {
			if _, have := ws.blobs[f.sha]; have || f.changed == nil || !f.changed.hasPatch || ws.misfit[f.path] {
				continue
			}
			base, ok := ws.before(f.changed)
			if !ok {
				continue
			}
			text, err := applyPatch(base, f.changed.patch)
			if err != nil || blobSHA(text) != f.sha {
				ws.misfit[f.path] = true
				continue
			}
			ws.add(f.sha, text, true)
		}
	}
}

// before is the text of a changed file at the merge base, empty for a new one.
func (ws *workspace) before(f *changedFile) ([]byte, bool) {
	if f.oldPath() == "" {
		return nil, true
	}
	sha := ws.baseSHA(f)
	content, ok := ws.blobs[sha]
	return content, ok
}

// baseSHA is the blob of a changed file at the merge base, "" where its directory is not read (a file that was
// moved from where nothing is Terraform's).
func (ws *workspace) baseSHA(f *changedFile) string {
	old := f.oldPath()
	if d, ok := ws.dirs[path.Dir(old)]; ok && d.wants(path.Base(old)) {
		return d.entries[path.Base(old)].SHA
	}
	return ""
}

// scan looks for references in the configuration of a directory, each text once.
func (ws *workspace) scan(d *directory) {
	if !d.known {
		return
	}
	for _, f := range append(d.base(), ws.head(d)...) {
		content, have := ws.blobs[f.sha]
		if !have || d.scanned[f.sha] || !terraform.IsConfig(f.path) {
			continue
		}
		d.scanned[f.sha] = true
		found := findReferences(f.path, content)
		for _, dir := range found.modules {
			if target := ws.want(dir, d.calling); target != nil {
				target.above = false
			}
		}
		for _, ref := range found.files {
			ws.wantFile(ref, d.calling)
		}
	}
}

func (ws *workspace) wantFile(ref reference, calling bool) {
	d := ws.want(ref.dir, calling)
	if d == nil {
		return
	}
	if ref.name != "" {
		d.names[ref.name] = true
	} else {
		d.exts[ref.ext] = true
	}
	d.above = false
}

// missing is the question for what is wanted and not known, in batches that GitHub can answer.
func (ws *workspace) missing() question {
	q := question{commit: ws.compared.mergeBase, head: ws.compared.head}
	for _, d := range ws.order {
		switch {
		case d.known:
		case d.above && len(q.names) < namesBatch:
			q.names = append(q.names, d.path)
		case !d.above && len(q.inline) < inlineBatch:
			q.inline = append(q.inline, d.path)
		}
		if d.edited && d.modes == nil && len(q.heads) < namesBatch {
			q.heads = append(q.heads, d.path)
		}
	}
	bytes := int64(0)
	for _, f := range ws.files() {
		if ws.needs(f) && !slices.Contains(q.blobs, f.sha) && len(q.blobs) < blobBatch && bytes < blobBatchBytes {
			q.blobs = append(q.blobs, f.sha)
			bytes += max(f.size, unknownBlobSize)
		}
	}
	return q
}

// needs tells whether a file must be fetched by its id: it is not known, has not failed, and no patch that may
// fit is waiting for its base.
func (ws *workspace) needs(f file) bool {
	_, have := ws.blobs[f.sha]
	if have || f.sha == "" || ws.failed[f.sha] != "" || !f.regular() {
		return false
	}
	if f.size > terraform.MaxFileBytes {
		ws.failed[f.sha] = tooLarge(f.size)
		return false
	}
	if f.changed == nil || !f.changed.hasPatch || ws.misfit[f.path] {
		return true
	}
	base := ws.baseSHA(f.changed)
	return base == "" || ws.failed[base] != ""
}

func tooLarge(size int64) string {
	return fmt.Sprintf("It has %d MB; files above %d MB are not read. Split it, or exclude it in the settings.",
		(size+1<<20-1)>>20, terraform.MaxFileBytes>>20)
}

// keep puts what was fetched and is used into the store.
func (ws *workspace) keep(ctx context.Context) error {
	blobs := map[string][]byte{}
	for _, f := range ws.files() {
		if content, ok := ws.blobs[f.sha]; ok && ws.fresh[f.sha] {
			blobs[f.sha] = content
			delete(ws.fresh, f.sha)
		}
	}
	return ws.r.source.store.PutBlobs(ctx, ws.r.ref.Repo.ID, blobs)
}

// settingsFile is a settings file as it was found; without text if there is none.
func (ws *workspace) settingsFile(origin string, o *object) change.SettingsFile {
	found := change.SettingsFile{Origin: origin}
	switch {
	case o == nil:
	case o.Typename != "Blob" || o.Blob.IsTruncated || o.Blob.Text == nil:
		ws.gap(settingsPath, "The settings file "+origin+" is not a text file of moderate size.")
	default:
		found.Text = []byte(*o.Blob.Text)
	}
	return found
}
