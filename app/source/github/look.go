package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v66/github"

	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/store"
)

const (
	// lookBatch is how many repositories one document asks about: nodes takes no more.
	// https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
	lookBatch = 100
	// lookPulls is how many open pull requests of a repository come with a look, the newest; morePulls is how many more
	// come with each of the requests for the others, of which there are at most pullPages.
	lookPulls = 30
	morePulls = 100
	pullPages = 10
	// repositoryPages bounds the list of an installation's repositories: 20,000.
	repositoryPages = 200
)

// Look is what a repository is, without a look at its files.
type Look struct {
	NodeID      string
	Owner, Name string
	Private     bool
	Archived    bool
	Locked      bool   // GitHub has disabled the repository
	Branch      string // the default one
	Head, Tree  string // of it; "" where there is no commit
	HCL         bool   // GitHub counts Terraform's language among the repository's
	Pulls       []OpenPull
	Settings    change.SettingsFile // where LookAt asked for it
}

// OpenPull is an open pull request as a look shows it.
type OpenPull struct {
	Number           int
	BaseSHA, HeadSHA string
	Created          time.Time
}

// Repositories lists what an installation covers: one request for 100, which costs nothing while it is as before.
// https://docs.github.com/rest/apps/installations#list-repositories-accessible-to-the-app-installation
func (s *Source) Repositories(ctx context.Context, client *gh.Client) ([]store.Facts, error) {
	var all []store.Facts
	for page := 1; page <= repositoryPages; page++ {
		list, response, err := client.REST.Apps.ListRepos(ctx, &github.ListOptions{Page: page, PerPage: 100})
		if err != nil {
			return nil, fmt.Errorf("list the repositories of installation %d: %w", client.Installation, err)
		}
		for _, r := range list.Repositories {
			all = append(all, store.Facts{RepoID: r.GetID(), NodeID: r.GetNodeID(), Owner: r.GetOwner().GetLogin(), Name: r.GetName(),
				Private: r.GetPrivate(), Archived: r.GetArchived(), Branch: r.GetDefaultBranch()})
		}
		if response.NextPage == 0 {
			return all, nil
		}
	}
	return nil, fmt.Errorf("list the repositories of installation %d: there are more than %d", client.Installation, 100*repositoryPages)
}

const lookFields = `... on Repository { id name owner { login } isPrivate isArchived isDisabled isEmpty ` +
	`languages(first: 30, orderBy: {field: SIZE, direction: DESC}) { nodes { name } } ` +
	`defaultBranchRef { name target { oid ... on Commit { tree { oid } %s } } } %s }`

type lookAnswer struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Owner struct {
		Login string `json:"login"`
	} `json:"owner"`
	IsPrivate  bool `json:"isPrivate"`
	IsArchived bool `json:"isArchived"`
	IsDisabled bool `json:"isDisabled"`
	IsEmpty    bool `json:"isEmpty"`
	Languages  *struct {
		Nodes []struct {
			Name string `json:"name"`
		} `json:"nodes"`
	} `json:"languages"`
	DefaultBranchRef *struct {
		Name   string `json:"name"`
		Target *struct {
			OID  string `json:"oid"`
			Tree struct {
				OID string `json:"oid"`
			} `json:"tree"`
			File *struct {
				Object *object `json:"object"`
			} `json:"file"`
		} `json:"target"`
	} `json:"defaultBranchRef"`
	PullRequests openPulls `json:"pullRequests"`
}

// openPulls is a page of them, the oldest first.
type openPulls struct {
	PageInfo struct {
		HasPreviousPage bool   `json:"hasPreviousPage"`
		StartCursor     string `json:"startCursor"`
	} `json:"pageInfo"`
	Nodes []struct {
		Number     int       `json:"number"`
		BaseRefOid string    `json:"baseRefOid"`
		HeadRefOid string    `json:"headRefOid"`
		CreatedAt  time.Time `json:"createdAt"`
	} `json:"nodes"`
}

const openPullFields = `{ pageInfo { hasPreviousPage startCursor } nodes { number baseRefOid headRefOid createdAt } }`

func (p openPulls) list() (all []OpenPull) {
	for _, n := range p.Nodes {
		all = append(all, OpenPull{Number: n.Number, BaseSHA: n.BaseRefOid, HeadSHA: n.HeadRefOid, Created: n.CreatedAt})
	}
	return all
}

// older asks for the open pull requests that did not fit into a look.
func (s *Source) older(ctx context.Context, client *gh.Client, id string, page openPulls) (all []OpenPull, err error) {
	const query = "query($id: ID!, $before: String!, $last: Int!) { node(id: $id) { ... on Repository { " +
		"pullRequests(last: $last, before: $before, states: [OPEN]) " + openPullFields + " } } }"
	for range pullPages {
		if !page.PageInfo.HasPreviousPage {
			break
		}
		var data struct {
			Node struct {
				PullRequests openPulls `json:"pullRequests"`
			} `json:"node"`
		}
		err := client.GraphQL(ctx, query, map[string]any{"id": id, "before": page.PageInfo.StartCursor, "last": morePulls}, &data)
		if err != nil {
			return nil, fmt.Errorf("list open pull requests of installation %d: %w", client.Installation, err)
		}
		page = data.Node.PullRequests
		all = append(all, page.list()...)
	}
	return all, nil
}

func (a *lookAnswer) look() Look {
	l := Look{NodeID: a.ID, Owner: a.Owner.Login, Name: a.Name, Private: a.IsPrivate, Archived: a.IsArchived, Locked: a.IsDisabled}
	if a.Languages != nil {
		for _, language := range a.Languages.Nodes {
			l.HCL = l.HCL || language.Name == "HCL"
		}
	}
	if ref := a.DefaultBranchRef; ref != nil && ref.Target != nil && !a.IsEmpty {
		l.Branch, l.Head, l.Tree = ref.Name, ref.Target.OID, ref.Target.Tree.OID
		if ref.Target.File != nil {
			l.Settings = settingsOf(fmt.Sprintf("%s/%s:%s@%s", l.Owner, l.Name, settingsPath, l.Head), ref.Target.File.Object)
		}
	}
	l.Pulls = a.PullRequests.list()
	return l
}

// settingsOf is a settings file as far as a look reads one. What is no text of moderate size is said where the
// repository's pull requests are reviewed.
func settingsOf(origin string, o *object) change.SettingsFile {
	found := change.SettingsFile{Origin: origin}
	if o != nil && o.Typename == "Blob" && !o.Blob.IsTruncated && o.Blob.Text != nil {
		found.Text = []byte(*o.Blob.Text)
	}
	return found
}

// Look looks at many repositories, by their GraphQL ids: one request for 100. Those that GitHub does not show are
// missing. With pulls, open pull requests come along. org is the owner's settings file, without
// text if there is none.
func (s *Source) Look(ctx context.Context, client *gh.Client, ids []string, pulls bool) (looks map[string]Look, org change.SettingsFile, err error) {
	looks = map[string]Look{}
	fields := fmt.Sprintf(lookFields, "", "")
	if pulls {
		fields = fmt.Sprintf(lookFields, "",
			fmt.Sprintf("pullRequests(last: %d, states: [OPEN]) ", lookPulls)+openPullFields)
	}
	for batch := range slices.Chunk(ids, lookBatch) {
		if org, err = s.lookOnce(ctx, client, batch, fields, looks); err != nil {
			return nil, org, err
		}
	}
	return looks, org, nil
}

// LookAt looks at one repository, and reads its settings file.
func (s *Source) LookAt(ctx context.Context, client *gh.Client, id string) (look Look, found bool, org change.SettingsFile, err error) {
	looks := map[string]Look{}
	fields := fmt.Sprintf(lookFields, `file(path: $settings) { object { `+blobFields+` } }`, "")
	org, err = s.lookOnce(ctx, client, []string{id}, fields, looks)
	look, found = looks[id]
	return look, found, org, err
}

// lookOnce asks for at most 100. What takes GitHub too long is asked for in halves.
func (s *Source) lookOnce(ctx context.Context, client *gh.Client, ids []string, fields string, into map[string]Look) (change.SettingsFile, error) {
	declared, filed := "", "$orgSettings: String!"
	vars := map[string]any{"ids": ids, "owner": client.Owner, "orgSettings": settingsPath}
	if strings.Contains(fields, "$settings") {
		declared, vars["settings"] = ", $settings: String!", settingsPath
	}
	query := "query($ids: [ID!]!, $owner: String!, " + filed + declared + ") {\nnodes(ids: $ids) { " + fields + " }\n" +
		"org: repository(owner: $owner, name: \".github\") { " + orgFields + " }\n}"
	var data struct {
		Nodes []*lookAnswer `json:"nodes"`
		Org   *orgAnswer    `json:"org"`
	}
	err := client.GraphQL(ctx, query, vars, &data)
	if err != nil && len(ids) > 1 && tooHeavy(err) {
		half := len(ids) / 2
		if _, err := s.lookOnce(ctx, client, ids[:half], fields, into); err != nil {
			return change.SettingsFile{}, err
		}
		return s.lookOnce(ctx, client, ids[half:], fields, into)
	}
	var partial *gh.GraphQLError
	if errors.As(err, &partial) && missing(partial) {
		err = nil
	}
	if err != nil {
		return change.SettingsFile{}, fmt.Errorf("look at repositories of installation %d: %w", client.Installation, err)
	}
	for _, node := range data.Nodes {
		if node == nil || node.ID == "" {
			continue
		}
		look := node.look()
		older, err := s.older(ctx, client, node.ID, node.PullRequests)
		if err != nil {
			return change.SettingsFile{}, err
		}
		look.Pulls = append(look.Pulls, older...)
		into[node.ID] = look
	}
	commit, file := data.Org.settings()
	return settingsOf(fmt.Sprintf("%s/.github:%s@%s", client.Owner, settingsPath, commit), file), nil
}

// missing tells that GitHub does not show some of what was asked for, and nothing else is wrong.
func missing(partial *gh.GraphQLError) bool {
	for _, problem := range partial.Errors {
		top := ""
		if len(problem.Path) > 0 {
			top, _ = problem.Path[0].(string)
		}
		if top != "org" && (top != "nodes" || problem.Type != "NOT_FOUND" && problem.Type != "FORBIDDEN") {
			return false
		}
	}
	return true
}

// introduced is how many pull requests of a commit are looked at.
const introduced = 10

// Introduced finds the pull request that brought a commit to the default branch, 0 if none did.
// https://docs.github.com/rest/commits/commits#list-pull-requests-associated-with-a-commit
func (s *Source) Introduced(ctx context.Context, client *gh.Client, repo change.Repo, commit string) (int, error) {
	pulls, _, err := client.REST.PullRequests.ListPullRequestsWithCommit(ctx, repo.Owner, repo.Name, commit, &github.ListOptions{PerPage: introduced})
	if status := gh.Status(err); gh.NotFound(err) || status == http.StatusUnprocessableEntity {
		return 0, nil // no such commit any more
	}
	if err != nil {
		return 0, fmt.Errorf("look for the pull request of commit %s: %w", commit, err)
	}
	for _, pull := range pulls {
		if !pull.GetMergedAt().IsZero() && pull.GetBase().GetRepo().GetID() == repo.ID {
			return pull.GetNumber(), nil
		}
	}
	return 0, nil
}
