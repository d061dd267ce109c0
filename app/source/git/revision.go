package git

import (
	"context"
	"fmt"
	"strings"
)

// commit resolves a revision as somebody typed it to the id of a commit. role is the flag's name, for the message.
func (r *Repository) commit(ctx context.Context, role, rev string) (string, error) {
	if strings.HasPrefix(rev, "-") || strings.ContainsAny(rev, "\x00\n") {
		return "", fmt.Errorf("%s revision %q does not exist: not a revision", role, rev)
	}
	id, err := r.git.line(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", rev+"^{commit}")
	switch {
	case err == nil:
		return id, nil
	case !saidNo(err):
		return "", fmt.Errorf("resolve %s revision %q: %w", role, rev, err)
	case rev == "HEAD":
		return "", fmt.Errorf("the repository has no commit yet; to review all of its files use: kms-review scan")
	}
	return "", fmt.Errorf("%s revision %q does not exist in this repository; if it is on the remote, fetch it first: git fetch origin", role, rev)
}

// base is the revision to compare with: the given one as it is, or where a branch of the default branch began.
func (r *Repository) base(ctx context.Context, rev, head string) (string, error) {
	if rev != "" {
		return r.commit(ctx, "base", rev)
	}
	branch, err := r.defaultBranch(ctx)
	if err != nil {
		return "", err
	}
	id, err := r.git.line(ctx, "merge-base", "--end-of-options", branch, head)
	if err == nil {
		return id, nil
	}
	if !saidNo(err) {
		return "", fmt.Errorf("find the merge base with %s: %w", branch, err)
	}
	if shallow, _ := r.git.line(ctx, "rev-parse", "--is-shallow-repository"); shallow == "true" {
		return "", fmt.Errorf("this is a shallow clone that does not reach the merge base with %s; fetch more history (git fetch --unshallow) or name the revision with --base", branch)
	}
	return "", fmt.Errorf("%s and the head have no common commit; name the revision to compare with by --base", branch)
}

// defaultBranch is the ref that the head was most likely branched from: what the remote says, then the usual names,
// the remote's first because a local copy is often old, then the user's own default.
func (r *Repository) defaultBranch(ctx context.Context) (string, error) {
	candidates := []string{
		"refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/remotes/origin/master",
		"refs/heads/main", "refs/heads/master",
	}
	if name, err := r.git.line(ctx, "config", "--get", "init.defaultBranch"); err == nil && name != "" {
		candidates = append(candidates, "refs/heads/"+name)
	}
	for _, ref := range candidates {
		id, err := r.git.line(ctx, "rev-parse", "--verify", "--quiet", "--end-of-options", ref+"^{commit}")
		if err != nil && !saidNo(err) {
			return "", fmt.Errorf("look for the default branch: %w", err)
		}
		if err == nil && id != "" {
			return ref, nil
		}
	}
	return "", fmt.Errorf("no default branch was found (looked for origin/HEAD, main, master and init.defaultBranch); name the revision to compare with by --base")
}
