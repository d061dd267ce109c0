//go:build unix

package storetest

import (
	"bytes"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Postgres starts a server that listens on a unix socket in a temporary directory alone, and ends it with the
// test t. durable leaves its fsync on, for measurements.
func Postgres(t *testing.T, durable bool) Databases {
	t.Helper()
	initdb, err := findProgram("initdb")
	if err != nil {
		missing(t, err.Error())
	}
	server, err := findProgram("postgres")
	if err != nil {
		missing(t, err.Error())
	}
	// Not t.TempDir: its long path does not fit into a socket's address, and PostgreSQL must own the directory.
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	attributes, err := unprivileged(dir)
	if err != nil {
		missing(t, err.Error())
	}
	data := filepath.Join(dir, "data")
	create := exec.Command(initdb, "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
	create.SysProcAttr, create.Dir = attributes, dir
	if output, err := create.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, output)
	}
	start(t, server, data, dir, durable, attributes)
	var count atomic.Int64
	return Databases{URL: func(t *testing.T) string {
		t.Helper()
		name := fmt.Sprintf("test%d", count.Add(1))
		execute(t, databaseURL(dir, "postgres"), "CREATE DATABASE "+name)
		return databaseURL(dir, name)
	}}
}

// start runs the server below a shell that stops it when the test's end of a pipe closes, so that it ends with
// the test even if that is killed.
func start(t *testing.T, server, data, socket string, durable bool, attributes *syscall.SysProcAttr) {
	t.Helper()
	fsync := "off"
	if durable {
		fsync = "on"
	}
	script := `"$0" "$@" </dev/null & pid=$!; read -r _; kill -INT $pid; wait $pid`
	cmd := exec.Command("/bin/sh", "-c", script, server, "-D", data, "-k", socket,
		"-c", "listen_addresses=", "-c", "fsync="+fsync, "-c", "max_connections=200")
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr, cmd.Dir = &log, &log, attributes, socket
	life, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start postgres: %v", err)
	}
	t.Cleanup(func() {
		_ = life.Close()
		_ = cmd.Wait()
	})
	deadline := time.Now().Add(30 * time.Second)
	for {
		conn, err := pgx.Connect(t.Context(), databaseURL(socket, "postgres"))
		if err == nil {
			_ = conn.Close(t.Context())
			return
		}
		if time.Now().After(deadline) {
			_ = life.Close()
			_ = cmd.Wait()
			t.Fatalf("postgres does not answer: %v\n%s", err, log.String())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func databaseURL(socket, name string) string {
	return "postgres://postgres@/" + name + "?host=" + url.QueryEscape(socket)
}

func execute(t *testing.T, databaseURL, statement string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(ctx, statement)
	_ = conn.Close(ctx)
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// findProgram looks in PATH and where Debian keeps the server's programs.
func findProgram(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		return "", fmt.Errorf("PostgreSQL's program %s is not installed", name)
	}
	return found[len(found)-1], nil
}

// unprivileged gives dir to a user that PostgreSQL agrees to run as; it refuses root.
func unprivileged(dir string) (*syscall.SysProcAttr, error) {
	if os.Geteuid() != 0 {
		return &syscall.SysProcAttr{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(account.Uid)
		gid, gidErr := strconv.Atoi(account.Gid)
		if uidErr != nil || gidErr != nil || os.Chown(dir, uid, gid) != nil {
			continue
		}
		return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
	}
	return nil, fmt.Errorf("PostgreSQL does not run as root, and there is no other user to run it as")
}
