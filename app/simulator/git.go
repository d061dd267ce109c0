package simulator

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// gitTimeout bounds each git process: a hung one would hang every test behind the simulator's lock.
const gitTimeout = 60 * time.Second

// objectName is a full object id as the API takes it.
var objectName = regexp.MustCompile(`^[0-9a-f]{40}$`)

// gitCommand prepares git in a repository, cut off from the machine's configuration, hooks and networks: a
// developer's own settings would change diffs and commit ids.
func (s *Simulator) gitCommand(ctx context.Context, dir string, args ...string) *exec.Cmd {
	fixed := []string{
		"--git-dir=" + dir, "-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0", "-c", "maintenance.auto=false",
		"-c", "protocol.allow=never", "-c", "protocol.file.allow=always", "-c", "core.quotePath=false",
		"-c", "init.defaultBranch=main", "-c", "safe.directory=*",
	}
	cmd := exec.CommandContext(ctx, "git", append(fixed, args...)...)
	cmd.Dir = s.opts.Dir
	home := filepath.Join(s.opts.Dir, "home")
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "XDG_CONFIG_HOME=" + home, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_TERMINAL_PROMPT=0", "GIT_ATTR_NOSYSTEM=1", "GIT_NO_REPLACE_OBJECTS=1",
		"LC_ALL=C", "TZ=UTC",
	}
	cmd.WaitDelay = time.Second
	return cmd
}

// git runs git and returns its standard output.
func (s *Simulator) git(dir string, stdin io.Reader, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), gitTimeout)
	defer cancel()
	cmd := s.gitCommand(ctx, dir, args...)
	var out, errs bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(errs.String()))
	}
	return out.Bytes(), nil
}

// updateRef points a ref at a commit.
func (r *Repository) updateRef(ref, sha string) error {
	_, err := r.sim.git(r.dir, nil, "update-ref", ref, sha)
	return err
}

// branchHead is the commit at which a branch points, "" where the branch does not exist.
func (r *Repository) branchHead(branch string) string {
	sha, kind, err := r.objects.resolve("refs/heads/" + branch)
	if err != nil || kind != "commit" {
		return ""
	}
	return sha
}

// history keeps what git says about pairs of commits. Commits do not change, so it is true forever.
type history struct {
	bases   map[string]string
	commits map[string][]string
	diffs   map[string][]*fileDiff

	languages map[string][]string // by commit
}

func newHistory() history {
	return history{bases: map[string]string{}, commits: map[string][]string{}, diffs: map[string][]*fileDiff{}, languages: map[string][]string{}}
}

// mergeBase finds the best common ancestor of two commits, "" where there is none.
func (r *Repository) mergeBase(a, b string) string {
	key := a + " " + b
	if base, known := r.history.bases[key]; known {
		return base
	}
	out, err := r.sim.git(r.dir, nil, "merge-base", a, b)
	if err != nil {
		return ""
	}
	base := strings.TrimSpace(string(out))
	r.history.bases[key] = base
	return base
}

// commitsBetween lists the commits that head has and base has not, oldest first.
func (r *Repository) commitsBetween(base, head string) ([]string, error) {
	key := base + " " + head
	if list, known := r.history.commits[key]; known {
		return list, nil
	}
	out, err := r.sim.git(r.dir, nil, "rev-list", "--reverse", "--topo-order", base+".."+head)
	if err != nil {
		return nil, err
	}
	list := strings.Fields(string(out))
	r.history.commits[key] = list
	return list, nil
}

// fetch copies a branch of another repository here, as a fork's head comes into the base repository.
func (r *Repository) fetch(from *Repository, branch, ref string) error {
	if from == r {
		return r.updateRef(ref, r.branchHead(branch))
	}
	_, err := r.sim.git(r.dir, nil, "fetch", "--quiet", "--no-tags", "--force", from.dir,
		"refs/heads/"+branch+":"+ref)
	return err
}
