package webhook

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// IsRecheck is the whole grammar of the App's comments: a comment asks for a new review if it is this one line
// and nothing else. There are no arguments, so there is nothing to inject. Who may use it is decided later.
func IsRecheck(body string) bool { return strings.TrimSpace(body) == "/kms-recheck" }

// decoder reduces a payload of one event. It returns why the event is of no interest, if it is of none.
type decoder func(p *payload, appID int64) (Event, string, error)

// decoderOf returns the decoder of an event, or nil if the App does nothing about it.
// https://docs.github.com/en/webhooks/webhook-events-and-payloads
func decoderOf(name string) decoder {
	switch name {
	case "ping":
		return decodePing
	case "pull_request":
		return decodePull
	case "issue_comment":
		return decodeComment
	case "check_run":
		return decodeCheckRun
	case "check_suite":
		return decodeCheckSuite
	case "merge_group":
		return decodeMergeGroup
	case "push":
		return decodePush
	case "installation":
		return decodeInstallation
	case "installation_repositories":
		return decodeInstallationRepositories
	case "repository":
		return decodeRepository
	case "issues":
		return decodeIssue
	}
	return nil
}

// Decode reduces the JSON body of the named event to what the App acts on. ignored is a sentence that says why
// nothing is to be done, or "". Of appID, this App's id, see New. The event's Delivery is not set.
func Decode(name string, body []byte, appID int64) (event Event, ignored string, err error) {
	decode := decoderOf(name)
	if decode == nil {
		if !json.Valid(body) {
			return Event{}, "", errors.New("decode the event: it is not JSON")
		}
		return Event{}, "ignored: this App does nothing about this event", nil
	}
	var p payload
	if err := json.Unmarshal(body, &p); err != nil {
		return Event{}, "", fmt.Errorf("decode the %s event: %w", name, err)
	}
	event, ignored, err = decode(&p, appID)
	if err != nil || ignored != "" {
		return Event{}, ignored, err
	}
	event.Action = p.Action
	event.InstallationID = p.Installation.ID
	if event.Kind != Installation {
		event.Repo = p.Repository.ref()
	}
	if event.InstallationID == 0 {
		return Event{}, "ignored: it was not sent for an installation of an App", nil
	}
	if err := event.check(); err != nil {
		return Event{}, "", fmt.Errorf("decode the %s event: %w", name, err)
	}
	return event, "", nil
}

// payload holds the fields that count, of all events at once: the names mean the same in each. Pointers are
// what GitHub leaves out or sends as null; head.repo of a pull request, null once the fork is deleted, is not
// looked at.
type payload struct {
	Action       string     `json:"action"`
	Number       int        `json:"number"`
	Repository   repository `json:"repository"`
	Sender       account    `json:"sender"`
	Installation struct {
		ID      int64   `json:"id"`
		Account account `json:"account"`
	} `json:"installation"`

	PullRequest *pullRequest `json:"pull_request"`
	Changes     struct {
		Base          *struct{} `json:"base"`
		DefaultBranch *struct{} `json:"default_branch"`
	} `json:"changes"`

	Issue   *issue `json:"issue"`
	Comment *struct {
		ID   int64  `json:"id"`
		Body string `json:"body"`
	} `json:"comment"`

	CheckRun   *check `json:"check_run"`
	CheckSuite *check `json:"check_suite"`

	MergeGroup *struct {
		HeadSHA string `json:"head_sha"`
		HeadRef string `json:"head_ref"`
		BaseSHA string `json:"base_sha"`
	} `json:"merge_group"`

	Ref     string `json:"ref"`
	Before  string `json:"before"`
	After   string `json:"after"`
	Deleted bool   `json:"deleted"`
	Commits []struct {
		Added    []string `json:"added"`
		Removed  []string `json:"removed"`
		Modified []string `json:"modified"`
	} `json:"commits"`

	Repositories        []repository `json:"repositories"`
	RepositoriesAdded   []repository `json:"repositories_added"`
	RepositoriesRemoved []repository `json:"repositories_removed"`
}

type account struct {
	Login string `json:"login"`
	Type  string `json:"type"`
}

type repository struct {
	ID            int64  `json:"id"`
	FullName      string `json:"full_name"` // the only name that all events give
	DefaultBranch string `json:"default_branch"`
	Private       bool   `json:"private"`
	Archived      bool   `json:"archived"`
	NodeID        string `json:"node_id"`
}

func (r repository) ref() RepoRef {
	owner, name, _ := strings.Cut(r.FullName, "/")
	return RepoRef{ID: r.ID, Owner: owner, Name: name, DefaultBranch: r.DefaultBranch, Private: r.Private, Archived: r.Archived, NodeID: r.NodeID}
}

type issue struct {
	Number      int       `json:"number"`
	PullRequest *struct{} `json:"pull_request"`
	App         *struct {
		ID int64 `json:"id"`
	} `json:"performed_via_github_app"`
}

// by tells whether the App opened the issue.
func (i *issue) by(appID int64) bool { return i.App != nil && (appID == 0 || i.App.ID == appID) }

func refs(repositories []repository) []RepoRef {
	list := make([]RepoRef, 0, len(repositories))
	for _, r := range repositories {
		list = append(list, r.ref())
	}
	return list
}

type commit struct {
	SHA string `json:"sha"`
}

type pullRequest struct {
	Number int    `json:"number"`
	Draft  bool   `json:"draft"`
	Head   commit `json:"head"`
	Base   struct {
		SHA  string     `json:"sha"`
		Repo repository `json:"repo"`
	} `json:"base"`
}

type check struct {
	ExternalID string `json:"external_id"`
	HeadSHA    string `json:"head_sha"`
	App        struct {
		ID int64 `json:"id"`
	} `json:"app"`
	PullRequests []pullRequest `json:"pull_requests"`
}

const ignoredAction = "ignored: this App does nothing about this action"

var errMissing = errors.New("the object that the event is about is missing")

func decodePing(*payload, int64) (Event, string, error) { return Event{}, "pong", nil }

func decodePull(p *payload, _ int64) (Event, string, error) {
	if p.PullRequest == nil {
		return Event{}, "", errMissing
	}
	kind := PullDirty
	switch p.Action {
	case "opened", "synchronize", "reopened", "ready_for_review":
	case "edited":
		if p.Changes.Base == nil {
			return Event{}, "ignored: the base branch did not change", nil
		}
	case "closed":
		kind = PullClosed
	default:
		return Event{}, ignoredAction, nil
	}
	return Event{Kind: kind, Number: p.PullRequest.Number, Draft: p.PullRequest.Draft,
		BaseSHA: p.PullRequest.Base.SHA, HeadSHA: p.PullRequest.Head.SHA, Sender: p.Sender.Login}, "", nil
}

func decodeComment(p *payload, appID int64) (Event, string, error) {
	switch {
	case p.Issue == nil || p.Comment == nil:
		return Event{}, "", errMissing
	case p.Action != "created": // never edited: it could put the command into somebody else's mouth
		return Event{}, ignoredAction, nil
	case !IsRecheck(p.Comment.Body):
		return Event{}, "ignored: the comment is no command", nil
	case p.Sender.Type == "Bot":
		return Event{}, "ignored: the comment is by a bot", nil
	case p.Issue.PullRequest == nil && p.Issue.by(appID):
		return Event{Kind: Rescan, Number: p.Issue.Number, CommentID: p.Comment.ID, Sender: p.Sender.Login}, "", nil
	case p.Issue.PullRequest == nil:
		return Event{}, "ignored: the comment is neither on a pull request nor on an issue of this App's", nil
	}
	return Event{Kind: Recheck, Number: p.Issue.Number, CommentID: p.Comment.ID, Sender: p.Sender.Login}, "", nil
}

// decodeCheckRun drops what the App's own writing causes (created, completed) before anything else.
func decodeCheckRun(p *payload, appID int64) (Event, string, error) {
	switch {
	case p.Action != "rerequested":
		return Event{}, ignoredAction, nil
	case p.CheckRun == nil:
		return Event{}, "", errMissing
	case appID != 0 && p.CheckRun.App.ID != appID:
		return Event{}, "ignored: the check run is another App's", nil
	}
	// The App writes the number there; the payload's own list is empty for forks.
	number, err := strconv.Atoi(p.CheckRun.ExternalID)
	if err != nil || number < 0 {
		number = 0
	}
	return Event{Kind: Rerequested, Number: number, HeadSHA: p.CheckRun.HeadSHA, Sender: p.Sender.Login}, "", nil
}

func decodeCheckSuite(p *payload, appID int64) (Event, string, error) {
	switch {
	case p.Action != "rerequested":
		return Event{}, ignoredAction, nil
	case p.CheckSuite == nil:
		return Event{}, "", errMissing
	case appID != 0 && p.CheckSuite.App.ID != appID:
		return Event{}, "ignored: the check suite is another App's", nil
	}
	event := Event{Kind: Rerequested, HeadSHA: p.CheckSuite.HeadSHA, Sender: p.Sender.Login}
	var here []int // the list can hold pull requests from this repository into another one
	for _, pull := range p.CheckSuite.PullRequests {
		if pull.Base.Repo.ID == p.Repository.ID {
			here = append(here, pull.Number)
		}
	}
	if len(here) == 1 {
		event.Number = here[0]
	}
	return event, "", nil
}

func decodeMergeGroup(p *payload, _ int64) (Event, string, error) {
	switch {
	case p.Action != "checks_requested":
		return Event{}, ignoredAction, nil
	case p.MergeGroup == nil:
		return Event{}, "", errMissing
	}
	return Event{Kind: MergeGroup, BaseSHA: p.MergeGroup.BaseSHA, HeadSHA: p.MergeGroup.HeadSHA,
		Ref: p.MergeGroup.HeadRef}, "", nil
}

func decodePush(p *payload, _ int64) (Event, string, error) {
	if p.Deleted || p.Ref != "refs/heads/"+p.Repository.DefaultBranch {
		return Event{}, "ignored: the push is not to the default branch", nil
	}
	event := Event{Kind: Push, Ref: p.Ref, BaseSHA: p.Before, HeadSHA: p.After, Sender: p.Sender.Login}
	for _, c := range p.Commits {
		event.Terraform = event.Terraform || slices.ContainsFunc(slices.Concat(c.Added, c.Removed, c.Modified), ofTerraform)
	}
	return event, "", nil
}

// ofTerraform tells by its name that Terraform or OpenTofu reads a file.
func ofTerraform(name string) bool {
	for _, suffix := range []string{".tf", ".tf.json", ".tofu", ".tofu.json", ".tfvars", ".tfvars.json"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

func decodeInstallation(p *payload, _ int64) (Event, string, error) {
	switch p.Action {
	case "created":
		return Event{Kind: Installation, Account: p.Installation.Account.Login, AddedRepos: refs(p.Repositories)}, "", nil
	case "deleted", "suspend", "unsuspend":
		return Event{Kind: Installation, Account: p.Installation.Account.Login}, "", nil
	}
	return Event{}, ignoredAction, nil
}

func decodeInstallationRepositories(p *payload, _ int64) (Event, string, error) {
	return Event{Kind: Installation, Account: p.Installation.Account.Login,
		AddedRepos: refs(p.RepositoriesAdded), RemovedRepos: refs(p.RepositoriesRemoved)}, "", nil
}

func decodeRepository(p *payload, _ int64) (Event, string, error) {
	switch p.Action {
	case "renamed", "transferred", "archived", "unarchived", "publicized", "privatized", "deleted":
	case "edited":
		if p.Changes.DefaultBranch == nil {
			return Event{}, "ignored: the default branch did not change", nil
		}
	default:
		return Event{}, ignoredAction, nil
	}
	return Event{Kind: Repository}, "", nil
}

func decodeIssue(p *payload, appID int64) (Event, string, error) {
	switch {
	case p.Issue == nil:
		return Event{}, "", errMissing
	case p.Sender.Type == "Bot":
		return Event{}, "ignored: a bot did it", nil
	case !p.Issue.by(appID):
		return Event{}, "ignored: the issue is not this App's", nil
	}
	switch p.Action {
	case "closed", "deleted", "edited", "reopened":
		return Event{Kind: Issue, Number: p.Issue.Number, Sender: p.Sender.Login}, "", nil
	}
	return Event{}, ignoredAction, nil
}

// check makes sure that what is stored and later put into URLs is what it should be. The signature says that
// GitHub sent the event, not that nothing strange is in it.
func (e Event) check() error {
	for _, sha := range []string{e.BaseSHA, e.HeadSHA} {
		if !validSHA(sha) {
			return errors.New("a commit's SHA is malformed")
		}
	}
	repos := append(append([]RepoRef{}, e.AddedRepos...), e.RemovedRepos...)
	if e.Kind != Installation {
		repos = append(repos, e.Repo)
	}
	for _, repo := range repos {
		if repo.ID <= 0 || !validName(repo.Owner) || !validName(repo.Name) || hasControl(repo.DefaultBranch) || hasControl(repo.NodeID) {
			return errors.New("a repository's id or name is missing or malformed")
		}
	}
	if hasControl(e.Ref) || hasControl(e.Sender) || hasControl(e.Account) || hasControl(e.Action) {
		return errors.New("a name holds control characters")
	}
	commented := e.Kind == Recheck || e.Kind == Rescan
	needsNumber := e.Kind == PullDirty || e.Kind == PullClosed || e.Kind == Issue || commented
	if e.Number < 0 || needsNumber && e.Number == 0 || commented && e.CommentID <= 0 {
		return errors.New("the number of the pull request, issue or comment is missing")
	}
	needsHead := e.Kind == PullDirty || e.Kind == MergeGroup || e.Kind == Rerequested
	if needsHead && e.HeadSHA == "" {
		return errors.New("the head's SHA is missing")
	}
	return nil
}

// validSHA accepts SHA-1, SHA-256, and none.
func validSHA(sha string) bool {
	if len(sha) != 0 && len(sha) != 40 && len(sha) != 64 {
		return false
	}
	return strings.Trim(sha, "0123456789abcdef") == ""
}

// validName accepts logins and repository names: letters, digits, dots, dashes and underscores.
func validName(name string) bool {
	for _, c := range name {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", c) {
			return false
		}
	}
	return name != "" && name != "." && name != ".." && len(name) <= 100
}

// hasControl finds what PostgreSQL refuses to store (NUL) and logs should not print.
func hasControl(text string) bool {
	return strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f })
}
