package github

import (
	"path"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/settings"
	"github.com/kms-review/kms-review/analyzer/terraform"
	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/store"
)

// Bounds on what one change can make us read.
const (
	maxDirectories = 300
	maxCalling     = 200      // directories together, above which none is read for the sake of a caller
	maxContents    = 64 << 20 // bytes of all files together
)

// Git's modes of the entries that are no regular files.
const (
	modeKind    = 0o170000
	modeRegular = 0o100000
	modeSymlink = 0o120000
)

// workspace is what is known of the two trees, and what is wanted of them. It grows until nothing is missing.
type workspace struct {
	r            *reading
	compared     comparison
	in           map[string][]*changedFile // by directory, of either side
	gone         map[string]bool           // paths at the merge base that head has not, or has otherwise
	touched      []string                  // directories to which a changed file may belong
	conversation change.Conversation
	settings     settings.Settings // once they were read: they name var files
	asked        bool              // for the conversation

	dirs   map[string]*directory
	order  []*directory // in which they were wanted, so that requests are the same each time
	blobs  map[string][]byte
	looked map[string]bool   // blobs that the store was asked for
	failed map[string]string // blobs that cannot be read, and why
	misfit map[string]bool   // changed files, by path at head, whose patch gave another text than GitHub's
	bytes  int
	fresh  map[string]bool // blobs that the store lacks
	gaps   []change.Gap

	remarks  []string
	unmapped bool // a changed module may have callers that the map does not know yet
}

// directory is a directory that the change reaches.
type directory struct {
	path    string
	above   bool // only searched for a configuration: contents are not asked for at once
	calling bool // reached only because a directory calls what the change touches
	known   bool
	config  bool                   // there is configuration in it, on either side
	entries map[string]store.Entry // at the merge base; "sub/name" for a var file right below
	edited  bool                   // a configuration file in it differs and exists at head
	modes   map[string]treeEntry   // at head; nil until read
	names   map[string]bool        // files besides configuration that something in the change or the code names
	exts    map[string]bool        // extensions of files whose name is computed
	scanned map[string]bool        // blobs in which references were looked for
}

func newWorkspace(r *reading, compared comparison) *workspace {
	ws := &workspace{
		r: r, compared: compared, in: map[string][]*changedFile{}, gone: map[string]bool{}, dirs: map[string]*directory{},
		blobs:  map[string][]byte{blobSHA(nil): {}}, // an empty file has no patch
		looked: map[string]bool{}, failed: map[string]string{}, misfit: map[string]bool{}, fresh: map[string]bool{},
	}
	for i := range compared.files {
		ws.seed(&ws.compared.files[i])
	}
	for _, d := range ws.order {
		ws.touched = append(ws.touched, d.path)
	}
	return ws
}

func (ws *workspace) seed(f *changedFile) {
	ws.gone[f.oldPath()] = true
	for _, name := range []string{f.newPath(), f.oldPath()} {
		if name == "" {
			continue
		}
		if dir := path.Dir(name); !slices.Contains(ws.in[dir], f) {
			ws.in[dir] = append(ws.in[dir], f)
		}
		for i, dir := range seeds(name) {
			d := ws.want(dir, false)
			if d == nil {
				return
			}
			d.above = d.above && i > 0
			if i == 0 && kindOf(name) == attached {
				d.names[path.Base(name)] = true
			}
			if i == 0 && name == f.newPath() {
				d.edited = true
			}
		}
	}
}

// want adds a directory, above others until somebody says otherwise. It is nil beyond the bounds. One that is wanted
// only for the sake of a caller is the first to be left out: the change itself can be judged without it.
func (ws *workspace) want(dir string, calling bool) *directory {
	if d, ok := ws.dirs[dir]; ok {
		d.calling = d.calling && calling
		return d
	}
	switch {
	case calling && len(ws.dirs) >= maxCalling:
		ws.remark("The callers of what this change touches reach more than 200 directories; not all of them were read.")
		return nil
	case len(ws.dirs) == maxDirectories:
		ws.gap("", "The change reaches more than 300 directories, so it could not be read completely.")
		return nil
	}
	d := &directory{
		path: dir, above: true, calling: calling, names: map[string]bool{}, exts: map[string]bool{}, scanned: map[string]bool{},
	}
	ws.dirs[dir] = d
	ws.order = append(ws.order, d)
	return d
}

func (ws *workspace) gap(name, reason string) {
	gap := change.Gap{Path: name, Reason: reason}
	if !slices.Contains(ws.gaps, gap) {
		ws.gaps = append(ws.gaps, gap)
	}
}

// wants tells whether a file of the directory belongs into the trees. The var files right below a configuration
// do: somebody may pass one on the command line, so they make variables undecided.
func (d *directory) wants(name string) bool {
	if strings.Contains(name, "/") {
		return d.config
	}
	return isConfig(name) || d.names[name] || d.exts[path.Ext(name)]
}

// file is a wanted file on one side.
type file struct {
	dir     *directory
	path    string
	sha     string
	mode    int
	size    int64        // -1 where unknown
	changed *changedFile // at head only
}

// base lists the wanted files of a directory at the merge base.
func (d *directory) base() []file {
	var files []file
	for name, entry := range d.entries {
		if d.wants(name) {
			files = append(files, file{dir: d, path: path.Join(d.path, name), sha: entry.SHA, mode: entry.Mode, size: entry.Size})
		}
	}
	sortFiles(files)
	return files
}

// head lists the wanted files of a directory at head: those at the merge base with the change's own entered.
func (ws *workspace) head(d *directory) []file {
	var files []file
	for _, f := range ws.in[d.path] {
		if name := f.newPath(); name != "" && path.Dir(name) == d.path && d.wants(path.Base(name)) {
			files = append(files, file{dir: d, path: name, sha: f.sha, mode: d.modeAt(path.Base(name)), size: -1, changed: f})
		}
	}
	for _, f := range d.base() {
		if !ws.gone[f.path] {
			files = append(files, f)
		}
	}
	sortFiles(files)
	return files
}

// modeAt is the mode of a changed file at head, and a regular file's until it has been read.
func (d *directory) modeAt(name string) int {
	if entry, ok := d.modes[name]; ok {
		return entry.Mode
	}
	return modeRegular
}

func sortFiles(files []file) {
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.path, b.path) })
}

func (f file) regular() bool { return f.mode&modeKind == modeRegular }

// hasConfig tells whether there is any configuration in what was read.
func (ws *workspace) hasConfig() bool {
	for _, d := range ws.order {
		for _, f := range append(d.base(), ws.head(d)...) {
			if terraform.IsConfig(f.path) {
				return true
			}
		}
	}
	return false
}

// fill puts the two trees and the gaps into a change.
func (ws *workspace) fill(c *change.Change) {
	base, head := map[string][]byte{}, map[string][]byte{}
	for _, d := range ws.order {
		for _, f := range d.base() {
			ws.place(base, f)
		}
		for _, f := range ws.head(d) {
			ws.place(head, f)
		}
	}
	c.Base, c.Head = change.NewTree(base), change.NewTree(head)
	c.Gaps = append(c.Gaps, ws.gaps...)
	c.Remarks = ws.remarks
	slices.SortStableFunc(c.Gaps, func(a, b change.Gap) int { return strings.Compare(a.Path, b.Path) })
}

// place enters a file, or the reason why it is missing. A symlink is never followed: one that the change makes
// is a gap, because Terraform would read what it points at; one that was there before is left out, because
// otherwise a repository that links its versions.tf could never have a green check.
func (ws *workspace) place(into map[string][]byte, f file) {
	if !f.regular() {
		if f.changed != nil {
			ws.gap(f.path, "It is "+describeMode(f.mode)+", which is never followed.")
		}
		return
	}
	if content, ok := ws.blobs[f.sha]; ok {
		into[f.path] = content
		return
	}
	reason := ws.failed[f.sha]
	if reason == "" {
		reason = "It could not be read from GitHub."
	}
	ws.gap(f.path, reason)
}

func describeMode(mode int) string {
	switch mode & modeKind {
	case modeSymlink:
		return "a symbolic link"
	case 0o160000:
		return "a submodule"
	}
	return "no regular file"
}
