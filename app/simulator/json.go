package simulator

import (
	"encoding/base64"
	"fmt"
	"time"
)

// stamp writes a time as GitHub's REST API does.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// maybe writes a time that may be missing.
func maybe(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return stamp(t)
}

// orNil writes a text that may be missing.
func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func (s *Simulator) userJSON(u *user) object {
	if u == nil {
		return nil
	}
	at := s.url + "/users/" + u.login
	return object{
		"login": u.login, "id": u.id, "node_id": u.nodeID, "avatar_url": fmt.Sprintf("%s/avatars/%d", s.html, u.id),
		"gravatar_id": "", "url": at, "html_url": s.html + "/" + u.graphLogin(), "followers_url": at + "/followers",
		"following_url": at + "/following{/other_user}", "gists_url": at + "/gists{/gist_id}",
		"starred_url": at + "/starred{/owner}{/repo}", "subscriptions_url": at + "/subscriptions",
		"organizations_url": at + "/orgs", "repos_url": at + "/repos", "events_url": at + "/events{/privacy}",
		"received_events_url": at + "/received_events", "type": u.kind, "site_admin": false,
	}
}

func (s *Simulator) repositoryURL(r *Repository) string { return s.url + "/repos/" + r.fullName() }
func (s *Simulator) repositoryHTML(r *Repository) string {
	return s.html + "/" + r.fullName()
}

// minimalRepositoryJSON has the fields that each form of a repository has.
func (s *Simulator) minimalRepositoryJSON(r *Repository) object {
	at, page := s.repositoryURL(r), s.repositoryHTML(r)
	return object{
		"id": r.id, "node_id": r.nodeID, "name": r.name, "full_name": r.fullName(), "private": r.private,
		"owner": s.userJSON(r.owner), "html_url": page, "description": nil, "fork": r.parent != nil, "url": at,
		"archive_url": at + "/{archive_format}{/ref}", "assignees_url": at + "/assignees{/user}",
		"blobs_url": at + "/git/blobs{/sha}", "branches_url": at + "/branches{/branch}",
		"collaborators_url": at + "/collaborators{/collaborator}", "comments_url": at + "/comments{/number}",
		"commits_url": at + "/commits{/sha}", "compare_url": at + "/compare/{base}...{head}",
		"contents_url": at + "/contents/{+path}", "contributors_url": at + "/contributors",
		"deployments_url": at + "/deployments", "downloads_url": at + "/downloads", "events_url": at + "/events",
		"forks_url": at + "/forks", "git_commits_url": at + "/git/commits{/sha}", "git_refs_url": at + "/git/refs{/sha}",
		"git_tags_url": at + "/git/tags{/sha}", "hooks_url": at + "/hooks",
		"issue_comment_url": at + "/issues/comments{/number}", "issue_events_url": at + "/issues/events{/number}",
		"issues_url": at + "/issues{/number}", "keys_url": at + "/keys{/key_id}", "labels_url": at + "/labels{/name}",
		"languages_url": at + "/languages", "merges_url": at + "/merges", "milestones_url": at + "/milestones{/number}",
		"notifications_url": at + "/notifications{?since,all,participating}", "pulls_url": at + "/pulls{/number}",
		"releases_url": at + "/releases{/id}", "stargazers_url": at + "/stargazers", "statuses_url": at + "/statuses/{sha}",
		"subscribers_url": at + "/subscribers", "subscription_url": at + "/subscription", "tags_url": at + "/tags",
		"teams_url": at + "/teams", "trees_url": at + "/git/trees{/sha}",
	}
}

// repositoryJSON is a repository as lists and pull requests show it.
func (s *Simulator) repositoryJSON(r *Repository) object {
	o := s.minimalRepositoryJSON(r)
	page := s.repositoryHTML(r)
	open := 0
	for _, p := range r.pulls {
		if p.state == "open" {
			open++
		}
	}
	visibility := "public"
	if r.private {
		visibility = "private"
	}
	for k, v := range (object{
		"clone_url": page + ".git", "git_url": "git://github.localhost/" + r.fullName() + ".git",
		"ssh_url": "git@github.localhost:" + r.fullName() + ".git", "svn_url": page, "mirror_url": nil,
		"default_branch": r.defaultBranch, "forks": 0, "forks_count": 0, "open_issues": open, "open_issues_count": open,
		"watchers": 0, "watchers_count": 0, "stargazers_count": 0, "size": 1, "homepage": nil, "language": "HCL",
		"license": nil, "has_issues": true, "has_projects": false, "has_wiki": false, "has_pages": false,
		"has_downloads": false, "has_discussions": false, "archived": r.archived, "disabled": false, "visibility": visibility,
		"created_at": stamp(r.created), "updated_at": stamp(r.created), "pushed_at": stamp(r.created),
		"allow_forking": true, "is_template": false, "web_commit_signoff_required": false, "topics": []string{},
	}) {
		o[k] = v
	}
	return o
}

// fullRepositoryJSON is a repository as it is read alone.
func (s *Simulator) fullRepositoryJSON(r *Repository) object {
	o := s.repositoryJSON(r)
	o["network_count"], o["subscribers_count"] = 0, 0
	return o
}

func (s *Simulator) appJSON() object {
	return object{
		"id": s.app.id, "slug": s.app.slug, "node_id": s.app.nodeID, "owner": s.userJSON(s.app.owner), "name": s.app.name,
		"description": nil, "external_url": s.html + "/apps/" + s.app.slug, "html_url": s.html + "/apps/" + s.app.slug,
		"created_at": stamp(s.app.created), "updated_at": stamp(s.app.created),
		"permissions": s.opts.Permissions, "events": s.opts.Events,
	}
}

func (s *Simulator) installationJSON(i *installation) object {
	at := fmt.Sprintf("%s/app/installations/%d", s.url, i.id)
	o := object{
		"id": i.id, "account": s.userJSON(i.account), "repository_selection": selection(i),
		"access_tokens_url": at + "/access_tokens", "repositories_url": s.url + "/installation/repositories",
		"html_url": fmt.Sprintf("%s/organizations/%s/settings/installations/%d", s.html, i.account.login, i.id),
		"app_id":   s.app.id, "app_slug": s.app.slug, "target_id": i.account.id, "target_type": i.account.kind,
		"permissions": i.permissions, "events": s.opts.Events, "created_at": stamp(i.created), "updated_at": stamp(i.updated),
		"single_file_name": nil, "suspended_by": nil, "suspended_at": nil,
	}
	if i.suspended {
		o["suspended_by"], o["suspended_at"] = s.userJSON(i.account), stamp(i.updated)
	}
	return o
}

func (s *Simulator) commitJSON(r *Repository, sha string) (object, error) {
	c, err := r.readCommit(sha)
	if err != nil {
		return nil, err
	}
	at := s.repositoryURL(r)
	parents := []object{}
	for _, p := range c.Parents {
		parents = append(parents, object{"sha": p, "url": at + "/commits/" + p, "html_url": s.repositoryHTML(r) + "/commit/" + p})
	}
	identity := object{"name": c.Author, "email": c.Author + "@users.noreply.github.com", "date": stamp(c.At)}
	account := s.userJSON(s.person(c.Author))
	return object{
		"sha": c.SHA, "node_id": "C_" + base64.RawURLEncoding.EncodeToString([]byte(c.SHA)), "url": at + "/commits/" + c.SHA,
		"html_url": s.repositoryHTML(r) + "/commit/" + c.SHA, "comments_url": at + "/commits/" + c.SHA + "/comments",
		"commit": object{
			"author": identity, "committer": identity, "message": c.Message, "comment_count": 0,
			"url": at + "/git/commits/" + c.SHA, "tree": object{"sha": c.Tree, "url": at + "/git/trees/" + c.Tree},
		},
		"author": account, "committer": account, "parents": parents,
	}, nil
}

// diffEntry is a changed file without its patch.
func (r *Repository) diffEntry(f *fileDiff, commit string) object {
	s := r.sim
	page := s.repositoryHTML(r)
	o := object{
		"sha": f.blobSHA(), "filename": f.path, "status": f.status, "additions": f.additions, "deletions": f.deletions,
		"changes": f.additions + f.deletions, "blob_url": page + "/blob/" + commit + "/" + escapePath(f.path),
		"raw_url":      page + "/raw/" + commit + "/" + escapePath(f.path),
		"contents_url": s.repositoryURL(r) + "/contents/" + escapePath(f.path) + "?ref=" + commit,
	}
	if f.oldPath != "" {
		o["previous_filename"] = f.oldPath
	}
	return o
}

func (s *Simulator) pullURL(p *Pull) string {
	return fmt.Sprintf("%s/pulls/%d", s.repositoryURL(p.repo), p.number)
}
func (s *Simulator) pullHTML(p *Pull) string {
	return fmt.Sprintf("%s/pull/%d", s.repositoryHTML(p.repo), p.number)
}

// pullJSON is a pull request as lists show it.
func (s *Simulator) pullJSON(p *Pull) object {
	at, page := s.pullURL(p), s.pullHTML(p)
	issue := fmt.Sprintf("%s/issues/%d", s.repositoryURL(p.repo), p.number)
	link := func(url string) object { return object{"href": url} }
	return object{
		"id": p.id, "node_id": p.nodeID, "number": p.number, "state": p.state, "locked": false, "title": p.title,
		"body": orNil(p.body), "user": s.userJSON(p.author), "draft": p.draft, "url": at, "html_url": page,
		"diff_url": page + ".diff", "patch_url": page + ".patch", "issue_url": issue, "commits_url": at + "/commits",
		"review_comments_url": at + "/comments", "review_comment_url": s.repositoryURL(p.repo) + "/pulls/comments{/number}",
		"comments_url": issue + "/comments", "statuses_url": s.repositoryURL(p.repo) + "/statuses/" + p.headSHA,
		"created_at": stamp(p.created), "updated_at": stamp(p.updated), "closed_at": maybe(p.closed),
		"merged_at": maybe(p.mergedAt), "merge_commit_sha": orNil(p.mergeSHA),
		"assignee": nil, "assignees": []object{}, "requested_reviewers": []object{}, "requested_teams": []object{},
		"labels": []object{}, "milestone": nil, "auto_merge": nil, "active_lock_reason": nil,
		"author_association": p.repo.association(p.author),
		"head":               s.endJSON(p.headOwner, p.headRepo, p.headRef, p.headSHA),
		"base":               s.endJSON(p.repo.owner, p.repo, p.baseRef, p.baseSHA),
		"_links": object{
			"self": link(at), "html": link(page), "issue": link(issue), "comments": link(issue + "/comments"),
			"review_comments": link(at + "/comments"),
			"review_comment":  link(s.repositoryURL(p.repo) + "/pulls/comments{/number}"),
			"commits":         link(at + "/commits"), "statuses": link(s.repositoryURL(p.repo) + "/statuses/" + p.headSHA),
		},
	}
}

// endJSON is the head or the base. The repository is null once it has been deleted.
// Source: https://github.com/octokit/webhooks payload-schemas common/pull-request.schema.json.
func (s *Simulator) endJSON(owner *user, r *Repository, ref, sha string) object {
	o := object{"label": owner.login + ":" + ref, "ref": ref, "sha": sha, "user": s.userJSON(owner), "repo": nil}
	if !r.deleted {
		o["repo"] = s.repositoryJSON(r)
	}
	return o
}

// fullPullJSON is a pull request as it is read alone and as webhooks carry it.
func (s *Simulator) fullPullJSON(p *Pull) (object, error) {
	files, err := p.files()
	if err != nil {
		return nil, err
	}
	commits, err := p.commits()
	if err != nil {
		return nil, err
	}
	additions, deletions := 0, 0
	for _, f := range files {
		additions += f.additions
		deletions += f.deletions
	}
	o := s.pullJSON(p)
	for k, v := range (object{
		"merged": p.merged, "mergeable": nil, "rebaseable": nil, "mergeable_state": "unknown", "merged_by": nil,
		"comments": len(p.issueComments()), "review_comments": len(p.reviewComments()), "maintainer_can_modify": p.fork(),
		"commits": len(commits), "additions": additions, "deletions": deletions, "changed_files": len(files),
	}) {
		o[k] = v
	}
	return o, nil
}

// pullMinimalJSON is a pull request as check runs list it.
func (s *Simulator) pullMinimalJSON(p *Pull) object {
	end := func(r *Repository, ref, sha string) object {
		return object{"ref": ref, "sha": sha, "repo": object{"id": r.id, "url": s.repositoryURL(r), "name": r.name}}
	}
	return object{"id": p.id, "number": p.number, "url": s.pullURL(p),
		"head": end(p.headRepo, p.headRef, p.headSHA), "base": end(p.repo, p.baseRef, p.baseSHA)}
}

// association is what somebody is to a repository. It says nothing about permissions: a MEMBER may be read-only.
func (r *Repository) association(u *user) string {
	switch {
	case u == r.owner:
		return "OWNER"
	case r.permissions[u.login] != "" && r.permissions[u.login] != "none":
		return "COLLABORATOR"
	default:
		return "NONE"
	}
}
