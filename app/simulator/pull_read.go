package simulator

import (
	"net/http"
	"slices"
	"strings"
)

// pull finds the pull request that the path names.
func (c *call) pull() *Pull {
	return c.repo.pullNumber(c.id("number"))
}

// listPulls lists pull requests, newest first; "head" is "owner:branch" (OAS).
func listPulls(c *call) reply {
	q := c.req.URL.Query()
	state := q.Get("state")
	if state == "" {
		state = "open"
	}
	list := []object{}
	for _, p := range slices.Backward(c.repo.pulls) {
		if (state == "all" || state == p.state) && (q.Get("base") == "" || q.Get("base") == p.baseRef) &&
			(q.Get("head") == "" || q.Get("head") == p.headOwner.login+":"+p.headRef) {
			list = append(list, c.sim.pullJSON(p))
		}
	}
	if q.Get("direction") == "asc" {
		slices.Reverse(list)
	}
	list, header := page(c, list)
	return reply{status: http.StatusOK, body: list, header: header}
}

func getPull(c *call) reply {
	p := c.pull()
	if p == nil {
		return notFound()
	}
	o, err := c.sim.fullPullJSON(p)
	if err != nil {
		return failure(http.StatusInternalServerError, err.Error())
	}
	return ok(o)
}

// maxPullFiles is how many files of a pull request GitHub lists at all (OAS, pulls/list-files).
const maxPullFiles = 3000

func listPullFiles(c *call) reply {
	p := c.pull()
	if p == nil {
		return notFound()
	}
	files, err := p.files()
	if err != nil {
		return failure(http.StatusInternalServerError, err.Error())
	}
	files, header := page(c, files[:min(len(files), maxPullFiles)])
	return reply{status: http.StatusOK, body: c.repo.pageDiffs(files, p.headSHA), header: header}
}

// listPullsOfCommit lists the open pull requests that contain a commit, and the merged ones where it is on the
// default branch (OAS).
func listPullsOfCommit(c *call) reply {
	sha, kind, err := c.repo.objects.resolve(c.req.PathValue("sha"))
	if err != nil || kind != "commit" {
		return failure(http.StatusUnprocessableEntity, "No commit found for SHA: "+c.req.PathValue("sha"))
	}
	list := []object{}
	for _, p := range c.repo.pulls {
		// "the merged pull request that introduced the commit" (OAS), which for the merge commit is the one that it merges.
		if (p.state == "open" || p.merged) && p.hasCommit(sha) || p.merged && p.mergeSHA == sha {
			list = append(list, c.sim.pullJSON(p))
		}
	}
	list, header := page(c, list)
	return reply{status: http.StatusOK, body: list, header: header}
}

// Bounds of a comparison: 300 files, on the first page only, and 250 commits without paging.
// Source: docs:rest/commits/commits#compare-two-commits.
const (
	maxCompareFiles   = 300
	maxCompareCommits = 250
)

// compareCommits compares head with its merge base with base.
func compareCommits(c *call) reply {
	baseName, headName, found := strings.Cut(c.req.PathValue("basehead"), "...")
	if !found {
		return notFound()
	}
	base, head := c.resolveCommit(baseName), c.resolveCommit(headName)
	if base == "" || head == "" {
		return notFound()
	}
	merge := c.repo.mergeBase(base, head)
	if merge == "" {
		return failure(http.StatusNotFound, "No common ancestor between "+baseName+" and "+headName+".")
	}
	files, err := c.repo.diff(merge, head)
	if err != nil {
		return failure(http.StatusInternalServerError, err.Error())
	}
	body, err := c.comparison(base, merge, head)
	if err != nil {
		return failure(http.StatusInternalServerError, err.Error())
	}
	all, _ := body["commits"].([]object)
	commits, header := page(c, all)
	if q := c.req.URL.Query(); !q.Has("per_page") && !q.Has("page") { // without paging: more at once, and no Link
		commits, header = all[:min(len(all), maxCompareCommits)], nil
	}
	body["commits"], body["files"] = commits, []object{}
	if c.number("page", 1) == 1 {
		body["files"] = c.repo.pageDiffs(files[:min(len(files), maxCompareFiles)], head)
	}
	return reply{status: http.StatusOK, body: body, header: header}
}

// resolveCommit reads one side of a comparison: a commit, a branch, or "owner:branch" of the same network.
func (c *call) resolveCommit(name string) string {
	repo, ref := c.repo, name
	if owner, branch, qualified := strings.Cut(name, ":"); qualified {
		other, found := c.sim.findRepository(owner, c.repo.name)
		if !found || other != c.repo && other.parent != c.repo && c.repo.parent != other {
			return ""
		}
		repo, ref = other, branch
	}
	sha, kind, err := repo.objects.resolve(ref)
	if err != nil || kind != "commit" {
		return ""
	}
	if _, _, err := c.repo.objects.resolve(sha); err != nil {
		return "" // a fork's commit that no pull request has brought here
	}
	return sha
}

func (c *call) comparison(base, merge, head string) (object, error) {
	list, err := c.repo.commitsBetween(base, head)
	if err != nil {
		return nil, err
	}
	missing, err := c.repo.commitsBetween(head, base)
	if err != nil {
		return nil, err
	}
	ahead, behind := len(list), len(missing)
	commits := []object{}
	for _, sha := range list {
		o, err := c.sim.commitJSON(c.repo, sha)
		if err != nil {
			return nil, err
		}
		commits = append(commits, o)
	}
	baseCommit, err := c.sim.commitJSON(c.repo, base)
	if err != nil {
		return nil, err
	}
	mergeCommit, err := c.sim.commitJSON(c.repo, merge)
	if err != nil {
		return nil, err
	}
	status := map[[2]bool]string{{true, true}: "diverged", {true, false}: "ahead", {false, true}: "behind", {false, false}: "identical"}
	page := c.sim.repositoryHTML(c.repo) + "/compare/" + base + "..." + head
	return object{
		"url": c.sim.repositoryURL(c.repo) + "/compare/" + base + "..." + head, "html_url": page, "permalink_url": page,
		"diff_url": page + ".diff", "patch_url": page + ".patch", "base_commit": baseCommit, "merge_base_commit": mergeCommit,
		"status": status[[2]bool{ahead > 0, behind > 0}], "ahead_by": ahead, "behind_by": behind, "total_commits": ahead,
		"commits": commits,
	}, nil
}
