package simulator

import (
	"errors"
	"fmt"
	"strings"
)

// MergeGroup is a candidate of a merge queue.
type MergeGroup struct {
	HeadSHA, HeadRef string
	BaseSHA, BaseRef string
}

// QueueMerge puts pull requests into a merge queue together: each is merged on top of the one before, on a branch
// gh-readonly-queue/BASE/pr-NUMBER-SHA, and checks are asked for on its head.
// Source: OAS, merge_group; https://github.com/dcoapp/app/pull/292 (several pull requests in a group).
func (r *Repository) QueueMerge(pulls ...*Pull) (MergeGroup, error) {
	r.sim.mu.Lock()
	defer r.sim.mu.Unlock()
	if len(pulls) == 0 {
		return MergeGroup{}, errors.New("queue merge: no pull request")
	}
	last := pulls[len(pulls)-1]
	base := r.branchHead(last.baseRef)
	head := base
	for _, p := range pulls {
		if p.repo != r || p.state != "open" || p.baseRef != last.baseRef {
			return MergeGroup{}, fmt.Errorf("queue merge: pull request %d is closed or has another base", p.number)
		}
		var err error
		if head, err = r.merge(head, p); err != nil {
			return MergeGroup{}, fmt.Errorf("queue merge: %w", err)
		}
	}
	g := MergeGroup{HeadSHA: head, BaseSHA: base, BaseRef: "refs/heads/" + last.baseRef,
		HeadRef: fmt.Sprintf("refs/heads/gh-readonly-queue/%s/pr-%d-%s", last.baseRef, last.number, base)}
	if err := r.updateRef(g.HeadRef, head); err != nil {
		return MergeGroup{}, fmt.Errorf("queue merge: %w", err)
	}
	return g, r.sim.emitMergeGroup(r, g)
}

// merge writes the merge commit of a pull request onto a commit.
func (r *Repository) merge(onto string, p *Pull) (string, error) {
	s := r.sim
	out, err := s.git(r.dir, nil, "merge-tree", "--write-tree", onto, p.headSHA)
	if err != nil {
		return "", fmt.Errorf("merge pull request %d: conflicts: %w", p.number, err)
	}
	tree := strings.TrimSpace(string(out))
	message := fmt.Sprintf("Merge pull request #%d from %s/%s\n\n%s", p.number, p.headOwner.login, p.headRef, p.title)
	out, err = s.git(r.dir, nil, "-c", "user.name=maintainer", "-c", "user.email=maintainer@users.noreply.github.com",
		"commit-tree", tree, "-p", onto, "-p", p.headSHA, "-m", message)
	if err != nil {
		return "", fmt.Errorf("merge pull request %d: %w", p.number, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// Merge merges the pull request into its base branch, with the push and the closing that come of it.
func (p *Pull) Merge(by string) error {
	r, s := p.repo, p.repo.sim
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.state != "open" {
		return fmt.Errorf("merge pull request %d: it is closed", p.number)
	}
	before := r.branchHead(p.baseRef)
	sha, err := r.merge(before, p)
	if err != nil {
		return err
	}
	if err := r.updateRef("refs/heads/"+p.baseRef, sha); err != nil {
		return fmt.Errorf("merge pull request %d: %w", p.number, err)
	}
	now, actor := s.clock(), s.person(by)
	p.state, p.merged, p.mergeSHA, p.closed, p.mergedAt, p.updated = "closed", true, sha, now, now, now
	p.note(Event{Kind: "merged", Actor: by, SHA: sha})
	if err := s.emitPull(p, "closed", actor, nil); err != nil {
		return err
	}
	return r.pushed(p.baseRef, before, sha, actor)
}

// emitMergeGroup sends merge_group, for which merge_queues:read is needed: https://github.com/dcoapp/app/issues/303.
func (s *Simulator) emitMergeGroup(r *Repository, g MergeGroup) error {
	i := s.deliverable(r, "merge_group", grant{"merge_queues", "read"})
	if i == nil {
		return nil
	}
	c, err := r.readCommit(g.HeadSHA)
	if err != nil {
		return err
	}
	payload := s.about(r, s.account("github-merge-queue[bot]", "Bot"))
	payload["merge_group"] = object{
		"head_sha": g.HeadSHA, "head_ref": g.HeadRef, "base_sha": g.BaseSHA, "base_ref": g.BaseRef,
		"head_commit": object{"id": c.SHA, "tree_id": c.Tree, "message": c.Message, "timestamp": stamp(c.At),
			"author": identity(c), "committer": identity(c)},
	}
	return s.emit("merge_group", "checks_requested", i, r, payload)
}
