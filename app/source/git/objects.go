package git

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"sync"

	"github.com/kms-review/kms-review/analyzer/terraform"
)

// maxFile is the largest file that is read: what the analyzer would refuse must not fill the memory first.
const maxFile = terraform.MaxFileBytes

// maxTree bounds the listing of one directory: about half a million entries.
const maxTree = 32 << 20

var errTooLarge = fmt.Errorf("larger than %d MB, so it was not read", maxFile>>20)

// objects reads objects by id through one `git cat-file --batch`, started when first needed. Only ids are ever sent
// to it: a path with a line break in it would be read as two requests.
type objects struct {
	start func() (*batch, error)

	mu      sync.Mutex
	running *batch
	failed  error
}

type batch struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr *limited
}

func newObjects(ctx context.Context, git command) *objects {
	return &objects{start: func() (*batch, error) {
		b := &batch{cmd: git.prepare(ctx, "cat-file", "--batch"), stderr: &limited{max: 16 << 10}}
		b.cmd.Stderr = b.stderr
		var err error
		if b.stdin, err = b.cmd.StdinPipe(); err != nil {
			return nil, err
		}
		stdout, err := b.cmd.StdoutPipe()
		if err != nil {
			return nil, err
		}
		b.stdout = bufio.NewReaderSize(stdout, 64<<10)
		return b, b.cmd.Start()
	}}
}

// read returns an object's content, or errTooLarge above max bytes.
func (o *objects) read(id, kind string, max int64) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failed != nil {
		return nil, o.failed
	}
	if o.running == nil {
		started, err := o.start()
		if err != nil {
			o.failed = fmt.Errorf("start git cat-file: %w", err)
			return nil, o.failed
		}
		o.running = started
	}
	data, err := o.running.read(id, kind, max)
	var broken *brokenPipe
	if errors.As(err, &broken) { // whatever comes after it would be taken for another object
		o.failed = o.running.end(err)
		o.running = nil
		return nil, o.failed
	}
	return data, err
}

func (b *batch) read(id, kind string, max int64) ([]byte, error) {
	if _, err := io.WriteString(b.stdin, id+"\n"); err != nil {
		return nil, &brokenPipe{err}
	}
	header, err := b.stdout.ReadString('\n')
	if err != nil {
		return nil, &brokenPipe{err}
	}
	fields := strings.Fields(header)
	if len(fields) == 2 && fields[1] == "missing" {
		return nil, fmt.Errorf("object %s is not in this clone; fetch it first (a partial clone lacks it)", id)
	}
	if len(fields) != 3 || fields[0] != id {
		return nil, &brokenPipe{fmt.Errorf("git cat-file: unexpected answer %q", header)}
	}
	size, err := strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return nil, &brokenPipe{fmt.Errorf("git cat-file: size of %s: %w", id, err)}
	}
	if size > max {
		_, err = io.CopyN(io.Discard, b.stdout, size+1)
		if err != nil {
			return nil, &brokenPipe{err}
		}
		return nil, errTooLarge
	}
	data := make([]byte, size+1) // and the line break after it
	if _, err := io.ReadFull(b.stdout, data); err != nil {
		return nil, &brokenPipe{err}
	}
	if fields[1] != kind {
		return nil, fmt.Errorf("object %s is a %s, not a %s", id, fields[1], kind)
	}
	return data[:size], nil
}

// end waits for the process and says why it ended: what it wrote to its error output is complete only then.
func (b *batch) end(cause error) error {
	_ = b.stdin.Close() // at the end of its input cat-file ends
	_, _ = io.Copy(io.Discard, b.stdout)
	if err := b.cmd.Wait(); err != nil {
		cause = err
	}
	if message := complaint(b.stderr.Bytes()); message != "" {
		return fmt.Errorf("git cat-file: %s", message)
	}
	if cause != nil {
		return fmt.Errorf("git cat-file: %w", cause)
	}
	return nil
}

// brokenPipe is an error after which the process cannot be asked again.
type brokenPipe struct{ error }

func (o *objects) close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.failed = errors.New("the repository is closed")
	if o.running == nil {
		return nil
	}
	b := o.running
	o.running = nil
	return b.end(nil)
}

// tree lists a tree object: "mode name NUL raw-id", https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
func (o *objects) tree(id string) ([]node, error) {
	data, err := o.read(id, "tree", maxTree)
	if err != nil {
		return nil, err
	}
	return parseTree(data, len(id)/2)
}

func parseTree(data []byte, idSize int) ([]node, error) {
	var nodes []node
	for len(data) > 0 {
		mode, rest, ok := bytes.Cut(data, []byte(" "))
		name, rest, ok2 := bytes.Cut(rest, []byte{0})
		if !ok || !ok2 || len(rest) < idSize {
			return nil, errors.New("git tree object is malformed")
		}
		n := node{name: string(name), id: hex.EncodeToString(rest[:idSize])}
		data = rest[idSize:]
		if !usable(n.name) {
			continue
		}
		switch string(mode) {
		case "40000":
			n.kind = directory
		case "120000":
			n.kind = symlink
		case "160000": // a submodule is another repository
			continue
		default:
			n.kind = regular
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

// revision is the file system of a commit, read directory by directory as it is asked for.
func (r *Repository) revision(commit string) (*tree, error) {
	data, err := r.objects.read(commit, "commit", maxFile)
	if err != nil {
		return nil, fmt.Errorf("read commit %s: %w", commit, err)
	}
	line, _, _ := strings.Cut(string(data), "\n")
	root, ok := strings.CutPrefix(line, "tree ")
	if !ok {
		return nil, fmt.Errorf("read commit %s: it names no tree", commit)
	}
	return newTree(node{kind: directory, id: root},
		func(_ string, dir node) ([]node, error) { return r.objects.tree(dir.id) },
		func(_ string, file node) ([]byte, error) { return r.objects.read(file.id, "blob", maxFile) },
	), nil
}
