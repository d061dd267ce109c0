package simulator

import (
	"slices"
)

// deliverable finds the installation to which an event of a repository goes: none where the App is not installed or
// suspended, has not subscribed, or lacks the permission that the event asks for (OAS, x-webhooks: "at least
// read-level access"). Events without a subscription are "".
func (s *Simulator) deliverable(r *Repository, subscription string, needs grant) *installation {
	i := s.installationOf(r)
	if i == nil || i.suspended || subscription != "" && !slices.Contains(s.opts.Events, subscription) ||
		levels[i.permissions[needs.name]] < levels[needs.level] {
		return nil
	}
	return i
}

// about is what each payload of a repository says.
func (s *Simulator) about(r *Repository, by *user) object {
	o := object{"repository": s.hookRepositoryJSON(r), "sender": s.userJSON(by)}
	if r.owner.kind == "Organization" {
		o["organization"] = s.organizationJSON(r.owner)
	}
	return o
}

func (s *Simulator) organizationJSON(u *user) object {
	at := s.url + "/orgs/" + u.login
	return object{
		"login": u.login, "id": u.id, "node_id": u.nodeID, "url": at, "repos_url": at + "/repos",
		"events_url": at + "/events", "hooks_url": at + "/hooks", "issues_url": at + "/issues",
		"members_url": at + "/members{/member}", "public_members_url": at + "/public_members{/member}",
		"avatar_url": s.html + "/avatars/" + decimal(u.id), "description": nil,
	}
}

// hookRepositoryJSON is a repository as webhooks carry it.
func (s *Simulator) hookRepositoryJSON(r *Repository) object {
	return s.repositoryJSON(r)
}

func (s *Simulator) emitPull(p *Pull, action string, by *user, extra object) error {
	i := s.deliverable(p.repo, "pull_request", grant{"pull_requests", "read"})
	if i == nil {
		return nil
	}
	pull, err := s.fullPullJSON(p)
	if err != nil {
		return err
	}
	payload := s.about(p.repo, by)
	payload["number"], payload["pull_request"] = p.number, pull
	for k, v := range extra {
		payload[k] = v
	}
	return s.emit("pull_request", action, i, p.repo, payload)
}

func (s *Simulator) emitIssueComment(c *issueComment, action, before string) error {
	r := c.repo
	i := s.deliverable(r, "issue_comment", grant{"issues", "read"})
	if i == nil {
		return nil
	}
	payload := s.about(r, c.author)
	payload["issue"], payload["comment"] = c.on.issueJSON(), s.issueCommentJSON(c)
	if action == "edited" {
		payload["changes"] = object{"body": object{"from": before}}
	}
	return s.emit("issue_comment", action, i, r, payload)
}

// pullIssueJSON is a pull request as an issue, without any commit id: who needs the head must ask for it.
// Source: https://github.com/palantir/policy-bot (server/handler/issue_comment.go).
func (s *Simulator) pullIssueJSON(p *Pull) object {
	at := s.repositoryURL(p.repo) + "/issues/" + decimal(int64(p.number))
	return object{
		"url": at, "repository_url": s.repositoryURL(p.repo), "labels_url": at + "/labels{/name}",
		"comments_url": at + "/comments", "events_url": at + "/events", "html_url": s.pullHTML(p), "id": p.id,
		"node_id": p.nodeID, "number": p.number, "title": p.title, "user": s.userJSON(p.author), "labels": []object{},
		"state": p.state, "locked": false, "assignee": nil, "assignees": []object{}, "milestone": nil,
		"comments": len(p.issueComments()), "created_at": stamp(p.created), "updated_at": stamp(p.updated),
		"closed_at": maybe(p.closed), "author_association": p.repo.association(p.author), "active_lock_reason": nil,
		"body": orNil(p.body), "draft": p.draft, "performed_via_github_app": nil, "state_reason": nil,
		"timeline_url": at + "/timeline", "reactions": reactionCounts(at, nil),
		"pull_request": object{"url": s.pullURL(p), "html_url": s.pullHTML(p), "diff_url": s.pullHTML(p) + ".diff",
			"patch_url": s.pullHTML(p) + ".patch", "merged_at": maybe(p.mergedAt)},
	}
}

func reactionCounts(at string, list []*reaction) object {
	o := object{"url": at + "/reactions", "total_count": len(list)}
	for _, content := range reactionContents {
		o[content] = 0
	}
	for _, r := range list {
		n, _ := o[r.content].(int)
		o[r.content] = n + 1
	}
	return o
}

func (s *Simulator) emitCheckRun(run *checkRun, action string, by *user) error {
	r := run.suite.repo
	level := "read"
	if action == "rerequested" { // OAS: only an App with write access receives it
		level = "write"
	}
	i := s.deliverable(r, "", grant{"checks", level})
	if i == nil {
		return nil
	}
	payload := s.about(r, by)
	check := s.checkRunJSON(run)
	check["check_suite"] = s.hookSuiteJSON(run.suite)
	payload["check_run"] = check
	return s.emit("check_run", action, i, r, payload)
}

// hookSuiteJSON is a check suite as check_run events carry it.
func (s *Simulator) hookSuiteJSON(cs *checkSuite) object {
	status, conclusion := cs.outcome()
	return object{
		"id": cs.id, "node_id": cs.nodeID, "head_branch": orNil(cs.branch), "head_sha": cs.sha, "status": status,
		"conclusion": orNil(conclusion), "url": s.repositoryURL(cs.repo) + "/check-suites/" + decimal(cs.id),
		"before": nil, "after": nil, "pull_requests": s.suitePulls(cs), "app": s.appJSON(),
		"created_at": stamp(cs.created), "updated_at": stamp(cs.created),
	}
}

// outcome is the suite's status and its worst conclusion.
func (cs *checkSuite) outcome() (status, conclusion string) {
	worst := []string{"action_required", "timed_out", "cancelled", "failure", "neutral", "skipped", "success"}
	status = "queued"
	for _, run := range cs.repo.checkRuns {
		if run.suite != cs {
			continue
		}
		if run.status != "completed" {
			return "in_progress", ""
		}
		status = "completed"
		if conclusion == "" || slices.Index(worst, run.conclusion) < slices.Index(worst, conclusion) {
			conclusion = run.conclusion
		}
	}
	return status, conclusion
}

// emitSuiteRequested follows each push to a branch of the repository itself.
// Source: docs:rest/guides/using-the-rest-api-to-interact-with-checks.
func (s *Simulator) emitSuiteRequested(r *Repository, branch, after string, by *user) error {
	if s.deliverable(r, "", grant{"checks", "write"}) == nil {
		return nil
	}
	cs := r.suite(after, true)
	cs.branch = branch
	return s.emitCheckSuite(cs, "requested", by)
}

func (s *Simulator) emitCheckSuite(cs *checkSuite, action string, by *user) error {
	i := s.deliverable(cs.repo, "", grant{"checks", "write"})
	if i == nil {
		return nil
	}
	commit, err := cs.repo.readCommit(cs.sha)
	if err != nil {
		return err
	}
	payload := s.about(cs.repo, by)
	suite := s.hookSuiteJSON(cs)
	suite["head_commit"] = object{"id": commit.SHA, "tree_id": commit.Tree, "message": commit.Message,
		"timestamp": stamp(commit.At), "author": identity(commit), "committer": identity(commit)}
	suite["latest_check_runs_count"] = len(cs.repo.viewRuns(cs.sha))
	suite["check_runs_url"] = s.repositoryURL(cs.repo) + "/check-suites/" + decimal(cs.id) + "/check-runs"
	payload["check_suite"] = suite
	return s.emit("check_suite", action, i, cs.repo, payload)
}

func identity(c *Commit) object {
	return object{"name": c.Author, "email": c.Author + "@users.noreply.github.com"}
}

// zeroSHA stands for a branch that was not there.
const zeroSHA = "0000000000000000000000000000000000000000"

func (s *Simulator) emitPush(r *Repository, branch, before, after string, by *user) error {
	i := s.deliverable(r, "push", grant{"contents", "read"})
	if i == nil {
		return nil
	}
	if before == "" {
		before = zeroSHA
	}
	head, err := s.pushCommit(r, after)
	if err != nil {
		return err
	}
	commits := []object{head}
	if before != zeroSHA {
		list, err := r.commitsBetween(before, after)
		if err != nil {
			return err
		}
		commits = commits[:0]
		for _, sha := range list {
			o, err := s.pushCommit(r, sha)
			if err != nil {
				return err
			}
			commits = append(commits, o)
		}
	}
	payload := s.about(r, by)
	repo := s.hookRepositoryJSON(r)
	repo["created_at"], repo["pushed_at"] = r.created.Unix(), s.clock().Unix()
	repo["stargazers"], repo["master_branch"] = 0, r.defaultBranch
	owner := s.userJSON(r.owner)
	owner["name"], owner["email"] = r.owner.login, nil
	repo["owner"] = owner
	for k, v := range (object{
		"ref": "refs/heads/" + branch, "before": before, "after": after, "repository": repo,
		"pusher":  object{"name": by.login, "email": by.login + "@users.noreply.github.com"},
		"created": before == zeroSHA, "deleted": false, "forced": before != zeroSHA && r.mergeBase(before, after) != before,
		"base_ref": nil, "compare": s.repositoryHTML(r) + "/compare/" + before[:12] + "..." + after[:12],
		"commits": commits, "head_commit": head,
	}) {
		payload[k] = v
	}
	return s.emit("push", "", i, r, payload)
}

// pushCommit is a commit as push events carry it, with the paths that it touches.
func (s *Simulator) pushCommit(r *Repository, sha string) (object, error) {
	c, err := r.readCommit(sha)
	if err != nil {
		return nil, err
	}
	lists := map[string][]string{"added": {}, "removed": {}, "modified": {}}
	if len(c.Parents) > 0 {
		files, err := r.diff(c.Parents[0], sha)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			switch f.status {
			case "added", "removed":
				lists[f.status] = append(lists[f.status], f.path)
			case "renamed":
				lists["removed"] = append(lists["removed"], f.oldPath)
				lists["added"] = append(lists["added"], f.path)
			default:
				lists["modified"] = append(lists["modified"], f.path)
			}
		}
	}
	who := object{"name": c.Author, "email": c.Author + "@users.noreply.github.com", "username": c.Author}
	return object{
		"id": c.SHA, "tree_id": c.Tree, "distinct": true, "message": c.Message, "timestamp": stamp(c.At),
		"url": s.repositoryHTML(r) + "/commit/" + c.SHA, "author": who, "committer": who,
		"added": lists["added"], "removed": lists["removed"], "modified": lists["modified"],
	}, nil
}

// shortRepos is how installation events list repositories.
func shortRepos(repos []*Repository) []object {
	list := []object{}
	for _, r := range repos {
		list = append(list, object{"id": r.id, "node_id": r.nodeID, "name": r.name, "full_name": r.fullName(), "private": r.private})
	}
	return list
}

func (s *Simulator) emitInstallation(i *installation, action string, repos []*Repository) error {
	payload := object{"installation": s.installationJSON(i), "repositories": shortRepos(repos), "sender": s.userJSON(i.account)}
	return s.send("installation", action, i, nil, payload)
}

func (s *Simulator) emitSelection(i *installation, add bool, repos []*Repository) error {
	action, added, removed := "added", repos, []*Repository(nil)
	if !add {
		action, added, removed = "removed", nil, repos
	}
	return s.send("installation_repositories", action, i, nil, object{
		"installation": s.installationJSON(i), "repository_selection": selection(i), "requester": nil,
		"repositories_added": shortRepos(added), "repositories_removed": shortRepos(removed), "sender": s.userJSON(i.account),
	})
}

// Ping sends what GitHub sends when a webhook is set up.
func (s *Simulator) Ping() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.send("ping", "", nil, nil, object{"zen": "Keep it logically awesome.", "hook_id": s.app.id, "hook": object{
		"type": "App", "id": s.app.id, "name": "web", "active": true, "app_id": s.app.id, "events": s.opts.Events,
		"config":     object{"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": "https://example.com/webhook"},
		"updated_at": stamp(s.app.created), "created_at": stamp(s.app.created), "deliveries_url": s.url + "/app/hook/deliveries",
	}})
}
