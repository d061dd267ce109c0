package review

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kms-review/kms-review/analyzer"
	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/settings"
	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/render"
	"github.com/kms-review/kms-review/app/source/git"
)

// LocalOptions says what is judged on this machine, and by which rules.
type LocalOptions struct {
	Dir        string
	Scan       bool      // everything below Dir, which need not be a repository
	Base, Head string    // revisions; empty: the merge base with the default branch, the work tree
	Rules      string    // "", "all", "default", or IDs with a minus before those to leave out
	FailOn     string    // "" where the settings decide, "never", or a severity
	VarFiles   []string  // as somebody typed them: relative to the current directory
	Now        time.Time // when it was asked for
	Version    string
}

// Local is a judged change or directory. It must be closed after it was written.
type Local struct {
	Report analyzer.Report
	FailOn finding.Severity // 0: never

	in       analyzer.Input
	root     string // directory that the paths of the report are relative to
	problems []finding.Diagnostic
	gaps     []change.Gap
	base     fs.FS
	head     fs.FS
	close    func() error
}

// RunLocal judges a change of a local repository, or all of a directory. The error says that there is no judgement;
// with analyzer.ErrNothingReadable there still is a report of what is wrong, and Local is not nil.
func RunLocal(ctx context.Context, opts LocalOptions) (*Local, error) {
	local := &Local{close: func() error { return nil }}
	c, root, err := local.read(ctx, opts)
	if err != nil {
		return nil, errors.Join(err, local.Close())
	}
	local.in, local.problems, err = localInput(c, root, opts)
	if err != nil {
		return nil, errors.Join(err, local.Close())
	}
	local.FailOn, local.root, local.gaps, local.base, local.head = local.in.Settings.FailOn, root, c.Gaps, c.Base, c.Head
	err = local.judge(ctx)
	if err != nil && !errors.Is(err, analyzer.ErrNothingReadable) {
		return nil, errors.Join(fmt.Errorf("analyze %s: %w", opts.Dir, err), local.Close())
	}
	local.Report.Stats.DurationMS = time.Since(opts.Now).Milliseconds()
	return local, err
}

// judge runs the analyzer, and adds what was wrong before it ran.
func (l *Local) judge(ctx context.Context) error {
	report, err := analyzer.Analyze(ctx, l.in)
	report.Diagnostics = append(slices.Clone(l.problems), report.Diagnostics...)
	addGaps(&report, l.gaps)
	l.Report = report
	return err
}

// read returns the change, or for a scan one without a base, and the directory that its paths are relative to.
func (l *Local) read(ctx context.Context, opts LocalOptions) (change.Change, string, error) {
	if opts.Scan {
		head, err := git.Directory(opts.Dir)
		return change.Change{HeadSHA: git.WorkTree, Head: head}, opts.Dir, err
	}
	repository, err := git.Open(ctx, opts.Dir)
	if err != nil {
		return change.Change{}, "", err
	}
	l.close = repository.Close
	c, err := repository.Change(ctx, opts.Base, opts.Head)
	return c, repository.Root(), err
}

// localInput is what to analyze, with what is wrong with the settings.
func localInput(c change.Change, root string, opts LocalOptions) (analyzer.Input, []finding.Diagnostic, error) {
	set, problems := localSettings(c)
	var err error
	if set.Rules, err = chooseRules(opts.Rules, set.Rules); err != nil {
		return analyzer.Input{}, nil, err
	}
	if set.FailOn, err = failOn(opts.FailOn, set.FailOn); err != nil {
		return analyzer.Input{}, nil, err
	}
	in := Input(c, set, opts.Now, opts.Version)
	for _, file := range opts.VarFiles {
		name, err := inside(root, file)
		if err != nil {
			return analyzer.Input{}, nil, err
		}
		if _, err := fs.Stat(c.Head, name); err != nil {
			return analyzer.Input{}, nil, fmt.Errorf("variable file %s: %w", file, plain(err))
		}
		in.VarFiles = append(in.VarFiles, name)
	}
	return in, problems, nil
}

// localSettings reads the settings file where the App would: in the base commit, or in what is scanned. An
// organisation's file is nowhere near.
func localSettings(c change.Change) (settings.Settings, []finding.Diagnostic) {
	from, origin := c.Base, settings.Path+"@"+c.BaseSHA
	if from == nil {
		from, origin = c.Head, settings.Path
	}
	text, err := fs.ReadFile(from, settings.Path)
	if err == nil {
		return settings.Load(nil, &settings.File{Origin: origin, Text: text})
	}
	set, problems := settings.Load(nil, nil)
	if !errors.Is(err, fs.ErrNotExist) {
		problems = append(problems, finding.Diagnostic{
			Severity: "error", File: settings.Path, Summary: "The settings file could not be read, so it is not used", Detail: plain(err).Error(),
		})
	}
	return set, problems
}

// plain takes the operation and the path off an error whose message names the file already.
func plain(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

func failOn(flag string, otherwise finding.Severity) (finding.Severity, error) {
	switch flag {
	case "":
		return otherwise, nil
	case "never":
		return 0, nil
	}
	severity, err := finding.ParseSeverity(flag)
	if err != nil {
		return 0, fmt.Errorf("unknown severity %q for --fail-on: want critical, high, medium, low or never", flag)
	}
	return severity, nil
}

// inside turns a path of this machine into one that is relative to root, with slashes.
func inside(root, file string) (string, error) {
	absolute, err := filepath.Abs(file)
	if err != nil {
		return "", fmt.Errorf("variable file %s: %w", file, err)
	}
	if root, err = filepath.Abs(root); err != nil {
		return "", fmt.Errorf("variable file %s: %w", file, err)
	}
	if resolved, err := filepath.EvalSymlinks(root); err == nil {
		root = resolved
	}
	if resolved, err := filepath.EvalSymlinks(filepath.Dir(absolute)); err == nil {
		absolute = filepath.Join(resolved, filepath.Base(absolute))
	}
	relative, err := filepath.Rel(root, absolute)
	if err != nil || relative == ".." || strings.HasPrefix(relative, ".."+string(filepath.Separator)) {
		return "", fmt.Errorf("variable file %s lies outside of %s; only files of the repository are read", file, root)
	}
	return filepath.ToSlash(relative), nil
}

// Failed tells whether a new finding is at or above FailOn.
func (l *Local) Failed() bool {
	for _, f := range l.Report.Findings {
		if l.FailOn != 0 && f.Status == finding.New && f.Severity >= l.FailOn {
			return true
		}
	}
	return false
}

// Formats are the names that Write knows.
func Formats() []string { return []string{"text", "json", "sarif", "markdown", "html", "github"} }

// Write writes the report in one of the Formats.
func (l *Local) Write(w io.Writer, format string, color bool) error {
	opts := render.TextOptions{Color: color, Base: l.base, Head: l.head}
	switch format {
	case "json":
		return render.JSON(w, l.Report)
	case "sarif":
		return render.SARIF(w, l.Report)
	case "markdown":
		return render.Markdown(w, l.Report, l.head)
	case "html":
		return render.HTML(w, l.Report, opts)
	case "github":
		return render.Workflow(w, l.Report)
	default:
		return render.Text(w, l.Report, opts)
	}
}

// Close ends the reading of the repository.
func (l *Local) Close() error { return l.close() }
