package analyzer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/hashicorp/hcl/v2"

	"github.com/kms-review/kms-review/analyzer/compare"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/rules"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// ErrNothingReadable says that there were configuration files and none of them could be read.
var ErrNothingReadable = errors.New("none of the Terraform files could be read")

// Analyze judges a change, or with a nil Base all of Head. A user's broken file is part of the report; an error
// means that there is no judgement at all: ctx ended, a tree cannot be listed, or ErrNothingReadable (with a
// report that holds the diagnostics).
func Analyze(ctx context.Context, in Input) (Report, error) {
	a := analysis{in: in, partly: map[string]bool{}, demanded: map[string]bool{}}
	a.selectRules()
	if err := a.load(ctx); err != nil {
		return Report{}, err
	}
	a.hide()
	a.change = compare.Snapshots(a.base, a.head)
	a.judge()
	if err := a.prove(ctx); err != nil {
		return Report{}, err
	}
	report := a.report()
	if report.Stats.Files == 0 && hasErrors(report.Diagnostics) {
		return report, ErrNothingReadable
	}
	return report, nil
}

// analysis is one run of Analyze.
type analysis struct {
	in       Input
	rules    []rule.Rule
	partly   map[string]bool // of these, by ID, those that are on in part
	demanded map[string]bool // resource types that rules judge although they name no key
	dirs     []string
	changed  []string      // of these, those with changed configuration files
	base     *kms.Snapshot // nil in a scan
	head     *kms.Snapshot
	change   compare.Change
	hidden   []finding.Hidden

	known     map[key]bool   // keys and problems of all findings at head, affected or not
	twins     map[string]int // of these, by what twins have in common, the number of the last
	results   []result
	inMemory  fs.FS // head, its configuration files read
	undecided []finding.Undecided
	unproven  int // suggestions that were left out, because proving them would have taken too long
}

// result is a finding with what is needed to prove its fix.
type result struct {
	finding    finding.Finding
	fixes      []func() []finding.Edit // of each instance
	resource   *terraform.Resource
	part       hcl.Range
	everywhere bool     // reported in examples too
	shared     string   // what makes it one with the same problem of another resource; "" where nothing does
	sharing    int      // how many others are one with it
	callers    []string // those of them that are the same block of a module, by the call that makes them
	keys       []key
}

// key is one problem of one instance. Twins differ in their number alone, and if one is mended those after it move up.
type key struct {
	problem string // the fingerprint of the first of them, with the instances
	twin    int
}

// problem is the same for all resources that share it; without those, it is that of one instance.
func (r result) problem() key {
	if r.shared == "" {
		return r.keys[0]
	}
	return key{problem: r.finding.Rule + "\x00" + r.finding.File + "\x00" + r.shared}
}

// selectRules lists the rules that are on, with the resource types that they judge although they name no key. Only these
// are read beyond what has to do with KMS by itself.
func (a *analysis) selectRules() {
	for _, r := range rules.All() {
		on, named := a.in.Settings.Rules[r.ID]
		partly := !named && r.OffByDefault && r.Demands != nil && len(r.Demands(a.in.Settings.Options, false)) > 0
		if !on && !partly && (named || r.OffByDefault) {
			continue
		}
		a.rules = append(a.rules, r)
		a.partly[r.ID] = partly
		if r.Demands != nil {
			for _, typ := range r.Demands(a.in.Settings.Options, !partly) {
				a.demanded[typ] = true
			}
		}
	}
}

func (a *analysis) load(ctx context.Context) error {
	if err := a.findDirs(ctx); err != nil {
		return err
	}
	var err error
	if a.head, err = a.snapshot(ctx, a.in.Head, a.dirs, nil); err != nil {
		return err
	}
	if a.in.Base != nil {
		a.base, err = a.snapshot(ctx, a.in.Base, a.dirs, a.renamedDirs())
	}
	return err
}

func (a *analysis) snapshot(ctx context.Context, fsys fs.FS, dirs []string, renamed map[string]string) (*kms.Snapshot, error) {
	options := terraform.Options{VarFiles: a.in.VarFiles, VarFilesOf: a.in.Settings.VarFilesOf, Matters: kms.MattersTo(a.demanded), Always: a.changed, Renamed: renamed}
	if a.head != nil {
		options.Reuse = a.head.Config // most files of the base are those of head
	}
	config, err := terraform.Load(ctx, fsys, dirs, options)
	if err != nil {
		return nil, err
	}
	return kms.Build(config).Demand(a.demanded), nil
}

// findDirs lists the directories to read: all in a scan, else those of the changed files and of whoever calls
// them.
func (a *analysis) findDirs(ctx context.Context) error {
	found := map[string]bool{}
	if a.in.Base == nil {
		if err := walk(ctx, a.in.Head, found); err != nil {
			return err
		}
		a.dirs = slices.Sorted(maps.Keys(found))
		return nil
	}
	for _, f := range a.in.Changed {
		for _, name := range []string{f.Path, f.OldPath} {
			if name == "" {
				continue
			}
			for _, dir := range reaches(name) {
				found[dir] = true
			}
			if terraform.IsConfig(name) {
				a.changed = append(a.changed, path.Dir(name))
			}
		}
	}
	if err := a.addUsers(ctx, found); err != nil {
		return err
	}
	callers, err := a.callers(ctx, slices.Sorted(maps.Keys(found)))
	if err != nil {
		return err
	}
	for _, dir := range callers {
		found[dir] = true
	}
	a.dirs = slices.Sorted(maps.Keys(found))
	return nil
}

// reaches lists the directories whose modules a file may be a part of: a configuration file belongs to its own, a
// var file may lie in a directory below its module, and any other file may be read by a module above it.
func reaches(name string) []string {
	dirs := []string{path.Dir(name)}
	switch {
	case terraform.IsConfig(name), path.Base(name) == terraform.LockFile:
	case terraform.IsVarFile(name):
		dirs = append(dirs, path.Dir(dirs[0]))
	default:
		for dir := dirs[0]; dir != "."; {
			dir = path.Dir(dir)
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// renamedDirs finds directories whose configuration went to another one: at base by their old name, at head by their
// new name alone.
func (a *analysis) renamedDirs() map[string]string {
	renamed := map[string]string{}
	for _, f := range a.in.Changed {
		from, to := path.Dir(f.OldPath), path.Dir(f.Path)
		if f.OldPath == "" || f.Path == "" || from == to || !terraform.IsConfig(f.Path) {
			continue
		}
		if !terraform.HasConfig(a.in.Head, from) && !terraform.HasConfig(a.in.Base, to) {
			renamed[from] = to
		}
	}
	return renamed
}

// callers lists who calls the changed directories. That takes a look at every configuration file, so it is done
// only if one of them may be called at all.
func (a *analysis) callers(ctx context.Context, changed []string) ([]string, error) {
	callable := slices.DeleteFunc(changed, func(dir string) bool { return !terraform.Callable(a.in.Head, dir) })
	if len(callable) == 0 {
		return nil, nil
	}
	all := map[string]bool{}
	if err := walk(ctx, a.in.Head, all); err != nil {
		return nil, err
	}
	return terraform.Callers(ctx, a.in.Head, slices.Sorted(maps.Keys(all)), callable)
}

// skipped directories hold copies of other people's configuration, or none.
var skipped = map[string]bool{".git": true, ".terraform": true, "node_modules": true}

func walk(ctx context.Context, fsys fs.FS, found map[string]bool) error {
	return fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			if name == "." {
				return fmt.Errorf("list files: %w", err)
			}
			return nil // an unreadable directory hides no other
		}
		if entry.IsDir() && skipped[entry.Name()] {
			return fs.SkipDir
		}
		if !entry.IsDir() && terraform.IsConfig(name) {
			found[path.Dir(name)] = true
		}
		return nil
	})
}

// judge runs the rules over both snapshots and gives each finding its status.
func (a *analysis) judge() {
	before := formers{}
	if a.base != nil {
		found, _ := a.run(a.base, nil)
		before = formersOf(found)
	}
	a.known, a.twins = map[key]bool{}, map[string]int{}
	after, undecided := a.run(a.head, a.base)
	for _, r := range after {
		a.known[r.keys[0]] = true
		a.known[r.problem()] = true
		a.twins[r.keys[0].problem] = max(a.twins[r.keys[0].problem], r.keys[0].twin)
		parts, old := a.match(before, r)
		for i, part := range parts {
			a.add(part, old[i])
		}
	}
	for _, u := range undecided {
		if a.change.Affected(u.root, u.Address) {
			a.undecided = append(a.undecided, u.Undecided)
		}
	}
	a.addFixed(before)
	a.results = grouped(a.results)
}

// add adds a finding of head, if the change has to do with it; old is what the base had of it, nil if nothing.
func (a *analysis) add(r result, old *former) {
	if !a.concerned(r, old) {
		return
	}
	if old != nil && old.finding.Status != finding.Waived && r.finding.Status == finding.New {
		r.finding.Status = finding.Existing
	}
	if r.finding.Status != finding.New {
		r.fixes = nil
	}
	a.results = append(a.results, r)
}

// concerned tells whether the change has to do with a finding: it reaches the resource, or it writes or takes away a
// waiver, or it makes a waiver's problem.
func (a *analysis) concerned(r result, old *former) bool {
	if r.resource == nil {
		return a.base == nil || old == nil
	}
	rewaived := old != nil && (old.finding.Status == finding.Waived) != (r.finding.Status == finding.Waived)
	return rewaived || a.change.Affected(r.finding.Module, r.finding.Address)
}

// superseded tells that another finding at head speaks for this one, which is therefore not cured.
func (a *analysis) superseded(f finding.Finding) bool {
	for _, r := range a.results {
		if r.finding.Address == f.Address && r.finding.Module == f.Module && speaksFor(a.rules, r.finding.Rule, f.Rule) {
			return true
		}
	}
	return false
}

func speaksFor(all []rule.Rule, id, other string) bool {
	for _, r := range all {
		if r.ID == id {
			for _, superseded := range r.Supersedes {
				if superseded == other {
					return true
				}
			}
		}
	}
	return false
}
