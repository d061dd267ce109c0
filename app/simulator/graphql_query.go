package simulator

import (
	"strings"
)

// queryFields are the roots of a query.
func (e *execution) queryFields() map[string]any {
	s := e.call.sim
	return map[string]any{
		"repository": resolver(func(args map[string]any) (any, error) {
			owner, name := argument(args["owner"]), argument(args["name"])
			r, found := s.findRepository(owner, name)
			if !found || !e.call.token.covers(r) {
				return nil, unresolved("Could not resolve to a Repository with the name '%s/%s'.", owner, name)
			}
			return r, nil
		}),
		"viewer": resolver(func(map[string]any) (any, error) {
			bot := s.app.bot
			return &record{"User", map[string]any{"id": bot.nodeID, "login": bot.login, "databaseId": graphInt(bot.id), "name": nil}}, nil
		}),
		"rateLimit": resolver(func(map[string]any) (any, error) {
			b := s.budget("graphql", e.call.holder())
			return &record{"RateLimit", map[string]any{"cost": max(1, e.nodes/100/100), "limit": s.limit, "nodeCount": e.nodes,
				"remaining": s.limit - b.used, "used": b.used, "resetAt": graphTime(b.reset)}}, nil
		}),
		"node": resolver(func(args map[string]any) (any, error) { return e.node(argument(args["id"])) }),
		"nodes": resolver(func(args map[string]any) (any, error) {
			ids, _ := args["ids"].([]any)
			if len(ids) > maxPage { // GitHub: "You may not provide more than 100 node ids"
				return nil, &graphError{"ARGUMENT_LIMIT", "You may not provide more than 100 node ids"}
			}
			list := []any{}
			for _, id := range ids {
				v, err := e.node(argument(id))
				if err != nil { // null at its place, and an error that names the place
					v = &unreachable{err}
				}
				list = append(list, v)
			}
			return list, nil
		}),
	}
}

// node finds an object by its id, if the token reaches it.
func (e *execution) node(id string) (any, error) {
	missing := unresolved("Could not resolve to a node with the global id of '%s'", id)
	v, found := e.call.sim.nodes[id]
	if !found {
		return nil, missing
	}
	r := repositoryOf(v)
	if r == nil {
		return v, nil // an account: public
	}
	if !e.call.token.covers(r) {
		return nil, missing
	}
	needs := grant{"pull_requests", "read"}
	switch v.(type) {
	case *Repository:
		needs = grant{"metadata", "read"}
	case *checkSuite, *checkRun:
		needs = grant{"checks", "read"}
	}
	if !e.call.token.may(needs) {
		return nil, forbidden()
	}
	return v, nil
}

// repositoryOf is the repository in which an object lies, nil for accounts.
func repositoryOf(v any) *Repository {
	switch v := v.(type) {
	case *Repository:
		return v
	case *Pull:
		return v.repo
	case *thread:
		return v.pull.repo
	case *reviewComment:
		return v.thread.pull.repo
	case *review:
		return v.pull.repo
	case *issueComment:
		return v.repo
	case *checkSuite:
		return v.repo
	case *checkRun:
		return v.suite.repo
	}
	return nil
}

// needing guards a field with a permission of the token.
func (e *execution) needing(name string, field resolver) resolver {
	return func(args map[string]any) (any, error) {
		if !e.call.token.may(grant{name, "read"}) {
			return nil, forbidden()
		}
		return field(args)
	}
}

func (e *execution) repositoryFields(r *Repository) map[string]any {
	return map[string]any{
		"id": r.nodeID, "databaseId": graphInt(r.id), "name": r.name, "nameWithOwner": r.fullName(), "owner": r.owner,
		"isPrivate": r.private, "isArchived": r.archived, "isDisabled": false, "isEmpty": r.branchHead(r.defaultBranch) == "",
		"languages": resolver(func(args map[string]any) (any, error) { return e.languages(r, args) }),
		"isFork":    r.parent != nil, "parent": e.visible(r.parent),
		"defaultBranchRef": e.needing("contents", func(map[string]any) (any, error) { return r.ref(r.defaultBranch), nil }),
		"ref": e.needing("contents", func(args map[string]any) (any, error) {
			return r.ref(strings.TrimPrefix(argument(args["qualifiedName"]), "refs/heads/")), nil
		}),
		"object": e.needing("contents", func(args map[string]any) (any, error) { return e.object(r, args) }),
		"pullRequest": e.needing("pull_requests", func(args map[string]any) (any, error) {
			n := number(args["number"])
			if p := r.pullNumber(int64(n)); p != nil {
				return p, nil
			}
			return nil, unresolved("Could not resolve to a PullRequest with the number of %d.", n)
		}),
		"pullRequests":  e.needing("pull_requests", func(args map[string]any) (any, error) { return e.pullsOf(r, args) }),
		"collaborators": resolver(func(args map[string]any) (any, error) { return e.collaborators(r, args) }),
	}
}

// visible hides a repository that the token does not reach, unless it is public.
func (e *execution) visible(r *Repository) *Repository {
	if r == nil || r.deleted || r.private && !e.call.token.covers(r) {
		return nil
	}
	return r
}

func (r *Repository) ref(branch string) any {
	sha := r.branchHead(branch)
	if sha == "" {
		return nil
	}
	return &record{"Ref", map[string]any{"id": r.sim.nodeID("REF", r.id) + branch, "name": branch, "prefix": "refs/heads/",
		"repository": r, "target": &gitObject{repo: r, sha: sha, kind: "commit"}}}
}

// object finds a git object by its id or by an expression such as "SHA:path". What is not there is null.
func (e *execution) object(r *Repository, args map[string]any) (any, error) {
	expression, at := argument(args["expression"]), ""
	if oid := argument(args["oid"]); oid != "" {
		if !objectName.MatchString(oid) {
			return nil, &graphError{"", "Could not coerce value \"" + oid + "\" to GitObjectID"}
		}
		expression = oid
	} else if _, p, found := strings.Cut(expression, ":"); found {
		at = p
	}
	revision, _, _ := strings.Cut(expression, ":")
	if revision == "HEAD" { // no longer resolved: https://github.com/changesets/ghcommit/pull/23
		return nil, nil
	}
	sha, kind, err := r.objects.resolve(expression)
	if err != nil {
		return nil, nil //nolint:nilerr // GraphQL answers null
	}
	return &gitObject{repo: r, sha: sha, kind: kind, path: at}, nil
}

func (e *execution) pullsOf(r *Repository, args map[string]any) (any, error) {
	for _, key := range []string{"labels", "orderBy"} {
		if args[key] != nil {
			return nil, e.unsupported("pullRequests(" + key + ")")
		}
	}
	states, _ := args["states"].([]any)
	var list []*Pull
	for _, p := range r.pulls {
		wanted := len(states) == 0
		for _, state := range states {
			wanted = wanted || argument(state) == p.graphState()
		}
		if wanted && (args["baseRefName"] == nil || argument(args["baseRefName"]) == p.baseRef) &&
			(args["headRefName"] == nil || argument(args["headRefName"]) == p.headRef) {
			list = append(list, p)
		}
	}
	return connection("PullRequestConnection", list)(args)
}

// collaborators lists who may do what. People need push access to see it ("Must have push access to view repository
// collaborators"); with which permission an installation may is not documented, so one is asked for that the App does
// not have. REST's .../collaborators/{user}/permission needs metadata only.
func (e *execution) collaborators(r *Repository, args map[string]any) (any, error) {
	if !e.call.token.may(grant{"administration", "read"}) {
		return nil, &graphError{"FORBIDDEN", "You do not have permission to view repository collaborators."}
	}
	var people []*user
	for _, login := range sortedKeys(r.permissions) {
		u := e.call.sim.person(login)
		if r.permissions[login] != "none" && (args["login"] == nil || strings.EqualFold(argument(args["login"]), login)) &&
			strings.Contains(login, strings.ToLower(argument(args["query"]))) {
			people = append(people, u)
		}
	}
	answer, err := connection("RepositoryCollaboratorConnection", people)(args)
	page, isRecord := answer.(*record)
	if err != nil || !isRecord {
		return nil, err
	}
	edges := []any{}
	nodes, _ := page.fields["nodes"].([]any)
	for i, n := range nodes {
		u, _ := n.(*user)
		edges = append(edges, &record{"RepositoryCollaboratorEdge", map[string]any{"cursor": cursor(i), "node": u,
			"permission": strings.ToUpper(r.role(u.login))}})
	}
	page.fields["edges"] = edges
	return page, nil
}

func (p *Pull) graphState() string {
	if p.merged {
		return "MERGED"
	}
	return strings.ToUpper(p.state)
}

func (e *execution) pullFields(p *Pull) map[string]any {
	return map[string]any{
		"id": p.nodeID, "databaseId": graphInt(p.id), "fullDatabaseId": decimal(p.id), "number": p.number, "title": p.title,
		"body": p.body, "author": p.author, "state": p.graphState(), "closed": p.state == "closed", "merged": p.merged,
		"isDraft": p.draft, "isCrossRepository": p.fork(), "baseRefName": p.baseRef, "baseRefOid": p.baseSHA,
		"headRefName": p.headRef, "headRefOid": p.headSHA, "repository": p.repo, "baseRepository": p.repo,
		"headRepository": e.visible(p.headRepo), "headRepositoryOwner": p.headOwner, "viewerDidAuthor": p.author == e.call.sim.app.bot,
		"createdAt": graphTime(p.created), "updatedAt": graphTime(p.updated),
		"changedFiles": resolver(func(map[string]any) (any, error) {
			files, err := p.files()
			return len(files), err
		}),
		"reviewThreads": connection("PullRequestReviewThreadConnection", p.threads),
		"reviews":       connection("PullRequestReviewConnection", p.reviews),
	}
}

func (e *execution) threadFields(t *thread) map[string]any {
	return map[string]any{
		"id": t.nodeID, "isResolved": t.resolvedBy != nil, "resolvedBy": t.resolvedBy, "isOutdated": t.outdated(), "path": t.path,
		"line": orZero(t.line), "startLine": orZero(t.start), "originalLine": t.origin.line, "originalStartLine": orZero(t.origin.start),
		"diffSide": t.side, "subjectType": "LINE", "pullRequest": t.pull,
		"comments": connection("PullRequestReviewCommentConnection", t.comments),
	}
}

// orZero makes null of 0.
func orZero(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

func (e *execution) reviewCommentFields(c *reviewComment) map[string]any {
	t := c.thread
	var first *reviewComment
	if c != t.comments[0] {
		first = t.comments[0]
	}
	return map[string]any{
		"id": c.nodeID, "databaseId": graphInt(c.id), "fullDatabaseId": decimal(c.id), "body": c.body, "author": c.author,
		"createdAt": graphTime(c.created), "updatedAt": graphTime(c.updated), "isMinimized": c.minimized != "",
		"minimizedReason": orNil(c.minimized), "viewerCanMinimize": c.author == e.call.sim.app.bot,
		"viewerDidAuthor": c.author == e.call.sim.app.bot, "path": t.path, "line": orZero(t.line), "startLine": orZero(t.start),
		"originalLine": t.origin.line, "originalStartLine": orZero(t.origin.start), "outdated": t.outdated(), "replyTo": first,
		"pullRequest": t.pull, "repository": t.pull.repo, "reactions": e.reactions(c.reactions),
	}
}

func (e *execution) issueCommentFields(c *issueComment) map[string]any {
	return map[string]any{
		"id": c.nodeID, "databaseId": graphInt(c.id), "fullDatabaseId": decimal(c.id), "body": c.body, "author": c.author,
		"createdAt": graphTime(c.created), "updatedAt": graphTime(c.updated), "isMinimized": c.minimized != "",
		"minimizedReason": orNil(c.minimized), "viewerCanMinimize": c.author == e.call.sim.app.bot,
		"viewerDidAuthor": c.author == e.call.sim.app.bot, "pullRequest": c.pull(), "repository": c.repo,
		"reactions": e.reactions(c.reactions),
	}
}

func (e *execution) reviewFields(r *review) map[string]any {
	return map[string]any{
		"id": r.nodeID, "fullDatabaseId": decimal(r.id), "body": r.body, "author": r.author, "state": r.state, "isMinimized": false,
		"createdAt": graphTime(r.at), "updatedAt": graphTime(r.at), "submittedAt": graphTime(r.at), "repository": r.pull.repo,
		"viewerDidAuthor": r.author == e.call.sim.app.bot, "comments": connection("PullRequestReviewCommentConnection", r.comments),
	}
}

// graphReactions maps GraphQL's names of reactions to REST's.
var graphReactions = map[string]string{"THUMBS_UP": "+1", "THUMBS_DOWN": "-1", "LAUGH": "laugh", "CONFUSED": "confused",
	"HEART": "heart", "HOORAY": "hooray", "ROCKET": "rocket", "EYES": "eyes"}

func (e *execution) reactions(list []*reaction) resolver {
	return func(args map[string]any) (any, error) {
		var records []*record
		for _, r := range list {
			if want := argument(args["content"]); want == "" || graphReactions[want] == r.content {
				records = append(records, graphReaction(r))
			}
		}
		return connection("ReactionConnection", records)(args)
	}
}

func graphReaction(r *reaction) *record {
	content := ""
	for name, rest := range graphReactions {
		if rest == r.content {
			content = name
		}
	}
	return &record{"Reaction", map[string]any{"id": r.nodeID, "databaseId": graphInt(r.id), "content": content, "user": r.user,
		"createdAt": graphTime(r.at)}}
}
