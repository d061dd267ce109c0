package simulator

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
)

// errMissing says that an object or a path is not in a repository.
var errMissing = errors.New("no such object")

// objectReader reads objects through two long-lived git processes, because a process for each blob of a batched
// query would make the simulator slower than GitHub. It is used under the simulator's lock.
type objectReader struct {
	repo     *Repository
	contents *catFile // git cat-file --batch
	headers  *catFile // git cat-file --batch-check
}

type catFile struct {
	cmd    *exec.Cmd
	cancel context.CancelFunc
	in     io.WriteCloser
	out    *bufio.Reader
}

func (o *objectReader) start(mode string) (*catFile, error) {
	ctx, cancel := context.WithCancel(context.Background())
	cmd := o.repo.sim.gitCommand(ctx, o.repo.dir, "cat-file", mode)
	in, err := cmd.StdinPipe()
	if err != nil {
		cancel()
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		cancel()
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		cancel()
		return nil, fmt.Errorf("start git cat-file: %w", err)
	}
	return &catFile{cmd: cmd, cancel: cancel, in: in, out: bufio.NewReaderSize(out, 1<<16)}, nil
}

// ask sends one object expression and reads the header line of the answer.
func (c *catFile) ask(expression string) (sha, kind string, size int64, err error) {
	if expression == "" || strings.ContainsAny(expression, "\n\r\x00") {
		return "", "", 0, errMissing
	}
	if _, err := io.WriteString(c.in, expression+"\n"); err != nil {
		return "", "", 0, fmt.Errorf("ask git cat-file: %w", err)
	}
	line, err := c.out.ReadString('\n')
	if err != nil {
		return "", "", 0, fmt.Errorf("read from git cat-file: %w", err)
	}
	fields := strings.Fields(line)
	if len(fields) != 3 || !objectName.MatchString(fields[0]) {
		return "", "", 0, errMissing // "<expression> missing" or "<expression> ambiguous"
	}
	size, err = strconv.ParseInt(fields[2], 10, 64)
	if err != nil {
		return "", "", 0, errMissing
	}
	return fields[0], fields[1], size, nil
}

// resolve finds the id and the kind of what an expression ("main", "SHA:path", an id) names.
func (o *objectReader) resolve(expression string) (sha, kind string, err error) {
	if o.headers == nil {
		if o.headers, err = o.start("--batch-check"); err != nil {
			return "", "", err
		}
	}
	sha, kind, _, err = o.headers.ask(expression)
	return sha, kind, err
}

// read returns the object that an expression names.
func (o *objectReader) read(expression string) (sha, kind string, content []byte, err error) {
	if o.contents == nil {
		if o.contents, err = o.start("--batch"); err != nil {
			return "", "", nil, err
		}
	}
	sha, kind, size, err := o.contents.ask(expression)
	if err != nil {
		return "", "", nil, err
	}
	content = make([]byte, size+1) // and the line end that cat-file adds
	if _, err := io.ReadFull(o.contents.out, content); err != nil {
		return "", "", nil, fmt.Errorf("read %s from git cat-file: %w", sha, err)
	}
	return sha, kind, content[:size], nil
}

func (o *objectReader) close() {
	for _, c := range []*catFile{o.contents, o.headers} {
		if c == nil {
			continue
		}
		_ = c.in.Close()
		c.cancel()
		_ = c.cmd.Wait() // killed on purpose
	}
	o.contents, o.headers = nil, nil
}

// treeEntry is one line of a tree.
type treeEntry struct {
	mode, kind, sha, name string
}

// tree reads a tree, or the tree of a commit. The expression is resolved by itself first: behind a colon, git takes
// "^{tree}" for a part of the path.
func (o *objectReader) tree(expression string) (sha string, entries []treeEntry, err error) {
	named, _, err := o.resolve(expression)
	if err != nil {
		return "", nil, errMissing
	}
	sha, kind, content, err := o.read(named + "^{tree}")
	if err != nil || kind != "tree" {
		return "", nil, errMissing
	}
	entries, err = parseTree(content)
	return sha, entries, err
}

// parseTree decodes git's binary tree format.
func parseTree(content []byte) ([]treeEntry, error) {
	var entries []treeEntry
	for len(content) > 0 {
		space := bytes.IndexByte(content[:min(len(content), 8)], ' ')
		if space < 0 {
			return nil, errors.New("parse git tree: no mode")
		}
		mode := string(content[:space])
		rest := content[space+1:]
		end := bytes.IndexByte(rest, 0)
		if end < 0 || len(rest) < end+21 {
			return nil, errors.New("parse git tree: cut off")
		}
		e := treeEntry{mode: strings.Repeat("0", 6-min(6, len(mode))) + mode, name: string(rest[:end]),
			sha: fmt.Sprintf("%x", rest[end+1:end+21]), kind: "blob"}
		switch e.mode {
		case "040000":
			e.kind = "tree"
		case "160000":
			e.kind = "commit"
		}
		entries = append(entries, e)
		content = rest[end+21:]
	}
	return entries, nil
}
