package simulator

import (
	"bytes"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"
)

// commitPlan collects what a commit does.
type commitPlan struct {
	files   map[string]string
	modes   map[string]string
	deletes []string
	renames [][2]string
	author  string
	parent  string
	trailer string
}

// CommitOption changes what a commit does besides writing files.
type CommitOption func(*commitPlan)

// Delete removes files.
func Delete(paths ...string) CommitOption {
	return func(p *commitPlan) { p.deletes = append(p.deletes, paths...) }
}

// Rename moves a file; write to the new path as well to rename and change.
func Rename(from, to string) CommitOption {
	return func(p *commitPlan) { p.renames = append(p.renames, [2]string{from, to}) }
}

// Symlink makes the file at a path, whose content is the target, a symbolic link.
func Symlink(path string) CommitOption {
	return func(p *commitPlan) { p.modes[path] = "120000" }
}

// Executable gives the file at a path its executable bit.
func Executable(path string) CommitOption {
	return func(p *commitPlan) { p.modes[path] = "100755" }
}

// By names the author's login, who is also the one who pushes. The default is "author".
func By(login string) CommitOption {
	return func(p *commitPlan) { p.author = login }
}

// From sets the parent commit. Where it is not the branch's head, the branch is pushed by force.
func From(sha string) CommitOption {
	return func(p *commitPlan) { p.parent = sha }
}

func newPlan(files map[string]string, opts []CommitOption) *commitPlan {
	p := &commitPlan{files: files, modes: map[string]string{}, author: "author"}
	for _, o := range opts {
		o(p)
	}
	return p
}

// Commit writes a commit to a branch and pushes it, with all the events that a push has. A branch that does not
// exist starts at the default branch. Paths that are not named stay as they are.
func (r *Repository) Commit(branch, message string, files map[string]string, opts ...CommitOption) (string, error) {
	r.sim.mu.Lock()
	defer r.sim.mu.Unlock()
	return r.commit(branch, message, newPlan(files, opts))
}

func (r *Repository) commit(branch, message string, plan *commitPlan) (string, error) {
	before := r.branchHead(branch)
	parent := plan.parent
	if parent == "" {
		parent = before
	}
	if parent == "" {
		parent = r.branchHead(r.defaultBranch)
	}
	after, err := r.writeCommit("refs/heads/"+branch, message, parent, plan)
	if err != nil {
		return "", fmt.Errorf("commit to %s of %s: %w", branch, r.fullName(), err)
	}
	return after, r.pushed(branch, before, after, r.sim.person(plan.author))
}

// writeCommit adds a commit without any event.
func (r *Repository) writeCommit(ref, message, parent string, plan *commitPlan) (string, error) {
	when := r.sim.clock()
	var in bytes.Buffer
	fmt.Fprintf(&in, "feature done\ncommit %s\n", ref)
	identity := fmt.Sprintf("%s <%s@users.noreply.github.com> %d +0000\n", plan.author, plan.author, when.Unix())
	fmt.Fprintf(&in, "author %scommitter %s", identity, identity)
	writeData(&in, message+plan.trailer)
	if parent != "" {
		fmt.Fprintf(&in, "from %s\n", parent)
	}
	for _, path := range plan.deletes {
		fmt.Fprintf(&in, "D %s\n", quotePath(path))
	}
	for _, pair := range plan.renames {
		fmt.Fprintf(&in, "R %s %s\n", quotePath(pair[0]), quotePath(pair[1]))
	}
	for _, path := range sortedKeys(plan.files) {
		mode := plan.modes[path]
		if mode == "" {
			mode = "100644"
		}
		fmt.Fprintf(&in, "M %s inline %s\n", mode, quotePath(path))
		writeData(&in, plan.files[path])
	}
	in.WriteString("done\n")
	if _, err := r.sim.git(r.dir, &in, "fast-import", "--quiet", "--force", "--done"); err != nil {
		return "", err
	}
	sha, _, err := r.objects.resolve(ref)
	return sha, err
}

func writeData(in *bytes.Buffer, text string) {
	fmt.Fprintf(in, "data %d\n%s\n", len(text), text)
}

// quotePath writes a path as git fast-import takes it, whatever characters are in it.
func quotePath(path string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(path) {
		switch c := path[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < 0x20 || c == 0x7f:
			fmt.Fprintf(&b, "\\%03o", c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// Commit is a commit as a page shows it.
type Commit struct {
	SHA     string
	Tree    string
	Parents []string
	Author  string // login
	At      time.Time
	Message string
}

// readCommit decodes a commit object.
func (r *Repository) readCommit(sha string) (*Commit, error) {
	id, kind, content, err := r.objects.read(sha)
	if err != nil || kind != "commit" {
		return nil, fmt.Errorf("read commit %q: %w", sha, errMissing)
	}
	header, message, _ := strings.Cut(string(content), "\n\n")
	c := &Commit{SHA: id, Message: strings.TrimSuffix(message, "\n")}
	for _, line := range strings.Split(header, "\n") {
		key, value, _ := strings.Cut(line, " ")
		switch key {
		case "tree":
			c.Tree = value
		case "parent":
			c.Parents = append(c.Parents, value)
		case "author":
			c.Author, c.At = parseIdentity(value)
		}
	}
	return c, nil
}

// parseIdentity reads "login <mail> 1700000000 +0000".
func parseIdentity(value string) (string, time.Time) {
	name, rest, _ := strings.Cut(value, " <")
	_, rest, _ = strings.Cut(rest, "> ")
	seconds, _, _ := strings.Cut(rest, " ")
	unix, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return name, time.Time{}
	}
	return name, time.Unix(unix, 0).UTC()
}
