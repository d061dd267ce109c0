package github

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/settings"
	"github.com/kms-review/kms-review/analyzer/terraform"
	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/gh"
)

const (
	// branchFiles bounds what is read of one default branch: 200 documents.
	branchFiles = 20_000
	// branchRaw bounds the files that GraphQL does not give whole, each of which costs a request.
	branchRaw = 50
	// branchRounds is how often references may lead to more.
	branchRounds = 10
)

// Branch is a default branch as far as Terraform reads it, in parts. A part is a set of directories that call each other
// or read each other's files: what is found in it depends on nothing outside of it but the settings.
type Branch struct {
	Tree   string // git's id of it
	Kept   []int  // of the known parts, those in which nothing has changed
	Parts  []Part // the others, and new ones, by name
	Cut    bool   // GitHub did not list all files
	Excess string // why it was not read: a sentence; "" where it was
}

// Part is a part that was read.
type Part struct {
	Name  string            // its first directory
	Dirs  []string          // those that are called and not there among them: they may come
	Files map[string]string // git's ids by path; "" of a file that is read and not there
	Lists []string          // all files of an extension in a directory, as "policies/*.json", that are read
	Tree  fs.FS
	Gaps  []change.Gap
}

// Known is a part as it was read before.
type Known struct {
	Dirs  []string
	Files map[string]string
	Lists []string
}

// Branch reads a commit of a default branch: one request for the list of its files, and one for each 100 files that
// changed since the known parts were read and that are not cached.
func (s *Source) Branch(ctx context.Context, client *gh.Client, repo change.Repo, commit string, set settings.Settings, known []Known) (Branch, error) {
	r := &reading{source: s, client: client, ref: Ref{Repo: repo}}
	tree, err := r.listTree(ctx, commit)
	if err != nil {
		return Branch{}, fmt.Errorf("read the default branch of %s: %w", repo.FullName(), err)
	}
	b := &branch{known: known, set: set, listed: map[string]string{}, sizes: map[string]int64{}, configs: map[string][]string{},
		wanted: map[string]bool{}, texts: map[string][]byte{}, failed: map[string]string{}, scanned: map[string]bool{},
		links: map[string]map[string]bool{}, files: map[string]map[string]bool{}, lists: map[string]map[string]bool{}}
	for _, e := range tree.Entries {
		b.list(path.Clean(e.GetPath()), e.GetType(), e.GetMode(), e.GetSHA(), int64(e.GetSize()))
	}
	branch := Branch{Tree: tree.GetSHA(), Cut: tree.GetTruncated()}
	b.contents = contents{r: r, sizes: b.sizes, raw: branchRaw, keep: true, take: b.take}
	if branch.Excess, err = b.gather(ctx); err != nil {
		return Branch{}, fmt.Errorf("read the default branch of %s: %w", repo.FullName(), err)
	}
	if branch.Excess == "" {
		branch.Kept, branch.Parts = b.kept, b.parts()
	}
	return branch, nil
}

// branch is the reading of one default branch.
type branch struct {
	known    []Known
	kept     []int
	set      settings.Settings
	contents contents

	listed  map[string]string // git's ids of all regular files, by path
	sizes   map[string]int64  // by git's id
	configs map[string][]string

	wanted  map[string]bool // directories that are read
	texts   map[string][]byte
	failed  map[string]string
	bytes   int64
	scanned map[string]bool            // configuration files in which references were looked for
	links   map[string]map[string]bool // directories that belong together
	files   map[string]map[string]bool // by directory, the files besides its configuration that it reads
	lists   map[string]map[string]bool // by directory, the lists of files that it reads
}

func (b *branch) list(name, kind, mode, sha string, size int64) {
	if kind != "blob" || skipped(name) {
		return
	}
	if mode == "120000" { // never followed: Terraform would read what it points at
		return
	}
	b.listed[name], b.sizes[sha] = sha, size
	if isConfig(path.Base(name)) {
		b.configs[path.Dir(name)] = append(b.configs[path.Dir(name)], name)
	}
}

// skipped are directories that hold copies of other people's configuration.
func skipped(name string) bool {
	for dir := range strings.SplitSeq(path.Dir(name), "/") {
		if dir == ".terraform" || dir == "node_modules" {
			return true
		}
	}
	return false
}

// gather reads what has changed since the known parts were read, and what belongs to it. It returns why that is too much.
func (b *branch) gather(ctx context.Context) (excess string, err error) {
	stands := b.compare()
	for range branchRounds {
		missing := b.missing()
		if len(missing) == 0 {
			break
		}
		for _, sha := range missing {
			b.bytes += b.sizes[sha]
		}
		switch {
		case len(b.texts)+len(missing) > branchFiles:
			return fmt.Sprintf("It has more than %d files that Terraform may read.", branchFiles), nil
		case b.bytes > maxContents:
			return "The files that Terraform may read have more than 64 MB.", nil
		}
		if err := b.contents.read(ctx, missing); err != nil {
			return "", err
		}
		for _, sha := range missing {
			if _, read := b.texts[sha]; !read && b.failed[sha] == "" {
				b.failed[sha] = "GitHub does not show enough files like this one in time."
			}
		}
		b.follow(stands)
	}
	for i, stand := range stands {
		if stand {
			b.kept = append(b.kept, i)
		}
	}
	return "", nil
}

// compare wants the directories in which anything has changed, and tells which known parts are as they were.
func (b *branch) compare() (stands []bool) {
	stands = make([]bool, len(b.known))
	of := map[string]int{}
	for i, part := range b.known {
		stands[i] = true
		for name, sha := range part.Files {
			stands[i] = stands[i] && b.listed[name] == sha
		}
		for _, dir := range part.Dirs {
			of[dir] = i
			for _, name := range b.configs[dir] { // a new one
				if _, had := part.Files[name]; !had {
					stands[i] = false
				}
			}
		}
		for _, list := range part.Lists {
			for _, name := range b.listedIn(path.Dir(list), strings.TrimPrefix(path.Base(list), "*")) {
				if _, had := part.Files[name]; !had {
					stands[i] = false
				}
			}
		}
	}
	for dir := range b.configs {
		if i, known := of[dir]; !known || !stands[i] {
			b.wanted[dir] = true
		}
	}
	return stands
}

// missing lists the contents that are wanted and not read, by id.
func (b *branch) missing() []string {
	found := map[string]bool{}
	add := func(name string) {
		sha := b.listed[name]
		if _, read := b.texts[sha]; sha != "" && !read && b.failed[sha] == "" {
			found[sha] = true
		}
	}
	for dir := range b.wanted {
		for _, name := range b.configs[dir] {
			add(name)
		}
		for name := range b.files[dir] {
			add(name)
		}
	}
	return slices.Sorted(maps.Keys(found))
}

func (b *branch) take(sha string, text []byte, why string) {
	if why != "" {
		b.failed[sha] = why
		return
	}
	b.texts[sha] = text
}

// follow finds what the configuration that was read leads to. A known part that it leads to is read again, since what
// calls a module decides what is found there.
func (b *branch) follow(stands []bool) {
	for _, dir := range slices.Sorted(maps.Keys(b.wanted)) {
		for _, name := range b.configs[dir] {
			text, read := b.texts[b.listed[name]]
			if !read || b.scanned[name] || !terraform.IsConfig(name) {
				continue
			}
			b.scanned[name] = true
			found := findReferences(name, text)
			for _, module := range found.modules {
				b.link(dir, module)
			}
			for _, ref := range found.files {
				b.reads(dir, ref)
			}
		}
		for _, file := range b.set.VarFilesOf(dir) {
			b.reads(dir, reference{dir: path.Dir(file.Path), name: path.Base(file.Path)})
		}
		for _, below := range b.varFilesBelow(dir) {
			b.link(dir, below)
		}
		if above := path.Dir(dir); b.ofValues(dir) && slices.ContainsFunc(b.configs[above], terraform.IsConfig) {
			b.wanted[above] = true // what they are passed to was perhaps judged before they came
		}
	}
	for i, part := range b.known {
		if stands[i] && slices.ContainsFunc(part.Dirs, func(dir string) bool { return b.wanted[dir] }) {
			stands[i] = false
			for _, dir := range part.Dirs {
				b.wanted[dir] = true
			}
		}
	}
}

// varFilesBelow lists the directories right below one that hold var files and no configuration: somebody may pass one of
// them on the command line.
func (b *branch) varFilesBelow(dir string) []string {
	var below []string
	for other := range b.configs {
		if path.Dir(other) == dir && other != dir && b.ofValues(other) {
			below = append(below, other)
		}
	}
	return below
}

// ofValues tells that a directory holds var files and no configuration.
func (b *branch) ofValues(dir string) bool {
	return len(b.configs[dir]) > 0 && !slices.ContainsFunc(b.configs[dir], terraform.IsConfig)
}

// listedIn are the files of an extension in a directory.
func (b *branch) listedIn(dir, ext string) (names []string) {
	for name := range b.listed {
		if path.Dir(name) == dir && path.Ext(name) == ext {
			names = append(names, name)
		}
	}
	return names
}

// link says that two directories belong together, also where the other is not there yet.
func (b *branch) link(from, to string) {
	if from == to {
		return
	}
	for _, pair := range [][2]string{{from, to}, {to, from}} {
		if b.links[pair[0]] == nil {
			b.links[pair[0]] = map[string]bool{}
		}
		b.links[pair[0]][pair[1]] = true
	}
	b.wanted[to] = true
}

// reads says that the configuration of a directory reads a file, or all files of an extension in another directory.
func (b *branch) reads(dir string, ref reference) {
	add := func(name string) {
		if b.files[dir] == nil {
			b.files[dir] = map[string]bool{}
		}
		b.files[dir][name] = true
	}
	if ref.name != "" {
		add(path.Join(ref.dir, ref.name))
		return
	}
	if b.lists[dir] == nil {
		b.lists[dir] = map[string]bool{}
	}
	b.lists[dir][path.Join(ref.dir, "*"+ref.ext)] = true
	for _, name := range b.listedIn(ref.dir, ref.ext) {
		add(name)
	}
}

// parts puts the directories that were read together with those to which they are linked.
func (b *branch) parts() []Part {
	var parts []Part
	seen := map[string]bool{}
	for _, first := range slices.Sorted(maps.Keys(b.wanted)) {
		if seen[first] {
			continue
		}
		seen[first] = true
		dirs := []string{first}
		for i := 0; i < len(dirs); i++ { // it grows
			for _, next := range slices.Sorted(maps.Keys(b.links[dirs[i]])) {
				if !seen[next] {
					seen[next] = true
					dirs = append(dirs, next)
				}
			}
		}
		parts = append(parts, b.part(dirs))
	}
	return parts
}

func (b *branch) part(dirs []string) Part {
	slices.Sort(dirs)
	p := Part{Name: dirs[0], Dirs: dirs, Files: map[string]string{}}
	contents := map[string][]byte{}
	lists := map[string]bool{}
	add := func(name string) {
		sha := b.listed[name]
		p.Files[name] = sha
		if text, read := b.texts[sha]; read {
			contents[name] = text
		} else if why := b.failed[sha]; why != "" {
			p.Gaps = append(p.Gaps, change.Gap{Path: name, Reason: why})
		}
	}
	for _, dir := range dirs {
		for _, name := range b.configs[dir] {
			add(name)
		}
		for name := range b.files[dir] {
			add(name)
		}
		maps.Copy(lists, b.lists[dir])
	}
	p.Lists = slices.Sorted(maps.Keys(lists))
	slices.SortFunc(p.Gaps, func(x, y change.Gap) int { return strings.Compare(x.Path, y.Path) })
	p.Tree = change.NewTree(contents)
	return p
}
