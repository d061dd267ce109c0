package simulator

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// routes are the operations that the App needs, each with the permissions that GitHub asks for. Source of the
// permissions: docs:rest/authentication/permissions-required-for-github-apps.
func (s *Simulator) routes() []route {
	contents, pulls := grant{"contents", "read"}, grant{"pull_requests", "read"}
	checks, metadata := grant{"checks", "read"}, grant{"metadata", "read"}
	writeReactions := []grant{{"issues", "write"}, {"pull_requests", "write"}}
	const repo = "/repos/{owner}/{repo}"
	return []route{
		{"GET /app", asApp, nil, getApp},
		{"GET /app/installations", asApp, nil, listInstallations},
		{"GET /app/installations/{id}", asApp, nil, getInstallation},
		{"POST /app/installations/{id}/access_tokens", asApp, nil, createToken},
		{"GET /app/hook/deliveries", asApp, nil, listDeliveries},
		{"POST /app/hook/deliveries/{id}/attempts", asApp, nil, redeliver},
		{"GET " + repo + "/installation", asApp, nil, getRepositoryInstallation},
		{"GET /installation/repositories", asInstallation, nil, listInstallationRepositories},
		{"GET /rate_limit", asInstallation, nil, getRateLimit},
		{"POST /graphql", asInstallation, nil, graphQL},
		{"GET " + repo, asInstallation, []grant{metadata}, getRepository},
		{"GET " + repo + "/collaborators/{user}/permission", asInstallation, []grant{metadata}, getPermission},
		{"GET " + repo + "/pulls", asInstallation, []grant{pulls}, listPulls},
		{"GET " + repo + "/pulls/{number}", asInstallation, []grant{pulls}, getPull},
		{"GET " + repo + "/pulls/{number}/files", asInstallation, []grant{pulls}, listPullFiles},
		{"GET " + repo + "/pulls/{number}/comments", asInstallation, []grant{pulls}, listReviewComments},
		{"POST " + repo + "/pulls/{number}/reviews", asInstallation, []grant{{"pull_requests", "write"}}, createReview},
		{"GET " + repo + "/commits/{sha}/pulls", asInstallation, []grant{pulls}, listPullsOfCommit},
		{"GET " + repo + "/compare/{basehead...}", asInstallation, []grant{contents}, compareCommits},
		{"GET " + repo + "/git/trees/{sha}", asInstallation, []grant{contents}, getTree},
		{"GET " + repo + "/git/blobs/{sha}", asInstallation, []grant{contents}, getBlob},
		{"GET " + repo + "/contents/{path...}", asInstallation, []grant{contents}, getContents},
		{"GET " + repo + "/issues", asInstallation, []grant{{"issues", "read"}, pulls}, listIssues},
		{"POST " + repo + "/issues", asInstallation, []grant{{"issues", "write"}}, createIssue},
		{"GET " + repo + "/issues/{number}", asInstallation, []grant{{"issues", "read"}, pulls}, getIssue},
		{"PATCH " + repo + "/issues/{number}", asInstallation, writeReactions, updateIssue},
		{"POST " + repo + "/issues/{number}/comments", asInstallation, writeReactions, createIssueComment},
		{"POST " + repo + "/issues/comments/{comment}/reactions", asInstallation, writeReactions, createReaction},
		{"GET " + repo + "/issues/comments/{comment}/reactions", asInstallation, []grant{{"issues", "read"}, pulls}, listReactions},
		{"DELETE " + repo + "/issues/comments/{comment}/reactions/{reaction}", asInstallation, writeReactions, deleteReaction},
		{"GET " + repo + "/commits/{ref}/check-runs", asInstallation, []grant{checks}, listCheckRuns},
		{"GET " + repo + "/check-runs/{id}", asInstallation, []grant{checks}, getCheckRun},
		{"GET " + repo + "/check-runs/{id}/annotations", asInstallation, []grant{checks}, listAnnotations},
		{"POST " + repo + "/check-runs", asInstallation, []grant{{"checks", "write"}}, createCheckRun},
		{"PATCH " + repo + "/check-runs/{id}", asInstallation, []grant{{"checks", "write"}}, updateCheckRun},
	}
}

func getRepository(c *call) reply { return ok(c.sim.fullRepositoryJSON(c.repo)) }

func getRateLimit(c *call) reply {
	resource := func(name string) object {
		b := c.sim.budget(name, c.holder())
		return object{"limit": c.sim.limit, "used": b.used, "remaining": c.sim.limit - b.used, "reset": b.reset.Unix()}
	}
	return ok(object{"rate": resource("core"), "resources": object{
		"core": resource("core"), "graphql": resource("graphql"), "search": resource("search")}})
}

// getPermission maps maintain to write and triage to read in "permission"; "role_name" has the role itself.
// Source: docs:rest/collaborators/collaborators#get-repository-permissions-for-a-user.
func getPermission(c *call) reply {
	u, known := c.sim.users[strings.ToLower(c.req.PathValue("user"))]
	if !known || u.kind == "Organization" {
		return notFound()
	}
	role := c.repo.role(u.login)
	permission := role
	switch role {
	case "maintain":
		permission = "write"
	case "triage":
		permission = "read"
	}
	person := c.sim.userJSON(u)
	person["role_name"] = role
	return ok(object{"permission": permission, "role_name": role, "user": person})
}

// getTree lists a tree. The bounds of 100,000 entries and 7 MB are far above what tests build.
func getTree(c *call) reply {
	sha, entries, err := c.repo.objects.tree(c.req.PathValue("sha"))
	if err != nil {
		return notFound()
	}
	list := []object{}
	recursive := c.req.URL.Query().Get("recursive") != "" // any value, "0" too (OAS)
	if err := c.listTree(&list, "", entries, recursive); err != nil {
		return notFound()
	}
	return ok(object{"sha": sha, "url": c.sim.repositoryURL(c.repo) + "/git/trees/" + sha, "tree": list, "truncated": false})
}

func (c *call) listTree(list *[]object, prefix string, entries []treeEntry, recursive bool) error {
	at := c.sim.repositoryURL(c.repo) + "/git/"
	for _, e := range entries {
		o := object{"path": prefix + e.name, "mode": e.mode, "type": e.kind, "sha": e.sha}
		switch e.kind {
		case "blob":
			_, _, content, err := c.repo.objects.read(e.sha)
			if err != nil {
				return err
			}
			o["size"], o["url"] = len(content), at+"blobs/"+e.sha
		case "tree":
			o["url"] = at + "trees/" + e.sha
		}
		*list = append(*list, o)
		if e.kind != "tree" || !recursive {
			continue
		}
		_, children, err := c.repo.objects.tree(e.sha)
		if err != nil {
			return err
		}
		if err := c.listTree(list, prefix+e.name+"/", children, true); err != nil {
			return err
		}
	}
	return nil
}

// maxBlob is the largest blob that the API gives: 100 MB (docs:rest/git/blobs#get-a-blob).
const maxBlob = 100 << 20

func getBlob(c *call) reply {
	id := c.req.PathValue("sha")
	if !objectName.MatchString(id) {
		return failure(http.StatusUnprocessableEntity, "The sha parameter must be exactly 40 characters and contain only [0-9a-f].")
	}
	sha, kind, content, err := c.repo.objects.read(id)
	if err != nil || kind != "blob" {
		return notFound()
	}
	if len(content) > maxBlob {
		return failure(http.StatusForbidden, "This API returns blobs up to 100 MB in size.")
	}
	return ok(object{"sha": sha, "node_id": blobNodeID(sha), "size": len(content), "encoding": "base64",
		"url": c.sim.repositoryURL(c.repo) + "/git/blobs/" + sha, "content": wrapBase64(content)})
}

func blobNodeID(sha string) string { return "B_" + base64.RawURLEncoding.EncodeToString([]byte(sha)) }

// wrapBase64 breaks lines after 60 characters, as GitHub does: a decoder must cope with it.
func wrapBase64(content []byte) string {
	text := base64.StdEncoding.EncodeToString(content)
	var b strings.Builder
	for len(text) > 60 {
		b.WriteString(text[:60])
		b.WriteByte('\n')
		text = text[60:]
	}
	b.WriteString(text)
	b.WriteByte('\n')
	return b.String()
}

// maxContents is the largest file that the contents API gives with its content: 1 MB
// (docs:rest/repos/contents#get-repository-content).
const maxContents = 1 << 20

// getContents reads a file. Directories and symbolic links are read through trees.
func getContents(c *call) reply {
	path := c.req.PathValue("path")
	ref := c.req.URL.Query().Get("ref")
	if ref == "" {
		ref = c.repo.defaultBranch
	}
	sha, kind, content, err := c.repo.objects.read(ref + ":" + path)
	if errors.Is(err, errMissing) || strings.HasSuffix(path, "/") {
		return notFound()
	}
	if err != nil || kind != "blob" || len(content) > maxContents {
		return *c.unsupported("contents of a directory, or of a file above 1 MB")
	}
	at := c.sim.repositoryURL(c.repo)
	self := at + "/contents/" + escapePath(path) + "?ref=" + url.QueryEscape(ref)
	page := c.sim.repositoryHTML(c.repo) + "/blob/" + url.PathEscape(ref) + "/" + escapePath(path)
	return ok(object{
		"type": "file", "encoding": "base64", "size": len(content), "name": path[strings.LastIndexByte(path, '/')+1:],
		"path": path, "content": wrapBase64(content), "sha": sha, "url": self, "git_url": at + "/git/blobs/" + sha,
		"html_url": page, "download_url": nil, "_links": object{"self": self, "git": at + "/git/blobs/" + sha, "html": page},
	})
}

// escapePath writes a file's path into a URL.
func escapePath(path string) string {
	parts := strings.Split(path, "/")
	for i, p := range parts {
		parts[i] = url.PathEscape(p)
	}
	return strings.Join(parts, "/")
}
