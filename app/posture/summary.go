package posture

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	gogithub "github.com/google/go-github/v66/github"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/settings"
	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/command"
	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/queue"
	"github.com/kms-review/kms-review/app/store"
)

// summary brings the issue of an account to what it should say. It may be repeated: an issue is found again by the number
// that was stored, else by its marker, and what it says already is not written again.
func (k *Keeper) summary(ctx context.Context, job queue.TaskJob) (queue.Effect, error) {
	installation, found, err := k.Store.Installation(ctx, job.InstallationID)
	if err != nil || !found {
		return queue.Effect{}, err
	}
	if err := k.Store.RecordDay(ctx, installation.ID, time.Now()); err != nil {
		return queue.Effect{}, err
	}
	set, _ := settings.Load(&settings.File{Origin: organisationRepository, Text: []byte(installation.Settings)}, nil)
	postures, err := k.Store.Postures(ctx, installation.ID)
	if err != nil {
		return queue.Effect{}, err
	}
	w, err := k.writing(ctx, installation, set.Summary)
	if err != nil {
		return queue.Effect{}, err
	}
	at, why, ok := target(postures, installation.Account, set.Summary.Repository, w.issue.RepoID)
	if ok {
		err = w.write(ctx, at)
	} else {
		k.Log.InfoContext(ctx, "no summary issue", slog.String("account", installation.Account), slog.String("reason", why))
		err = w.leave(ctx, "")
	}
	if err != nil {
		return queue.Effect{}, fmt.Errorf("write the summary issue of %s: %w", installation.Account, err)
	}
	return queue.Effect{Again: k.Every}, nil
}

// writing is one issue under way.
type writing struct {
	k        *Keeper
	issue    store.SummaryIssue
	org      Organisation
	settings settings.Summary

	at     store.Posture // the repository
	client *gh.Client    // of it
	body   string
	digest string
}

func (k *Keeper) writing(ctx context.Context, installation store.Installation, set settings.Summary) (*writing, error) {
	issue, _, err := k.Store.SummaryIssue(ctx, installation.ID)
	if err != nil {
		return nil, err
	}
	org, err := Load(ctx, k.Store, installation)
	if err != nil {
		return nil, err
	}
	org.Version, org.WebURL = k.Version, strings.TrimSuffix(k.App.WebURL(), "/")
	issue.InstallationID = installation.ID
	return &writing{k: k, issue: issue, org: org, settings: set}, nil
}

// write finds or opens the issue in a repository and edits it if it says something else. A person's close is respected
// until something new and critical appears.
func (w *writing) write(ctx context.Context, at store.Posture) error {
	if w.issue.RepoID != at.RepoID {
		if err := w.leave(ctx, w.place(ctx, at)); err != nil {
			return err
		}
		w.issue.Closed = false // in another place
	}
	w.at, w.client = at, w.k.App.Summary(w.issue.InstallationID, at.Owner, at.Name)
	w.issue.RepoID = at.RepoID
	w.body = w.k.Issue.Body(w.org, !at.Private)
	w.digest = digest(w.body)
	reopen := w.issue.Closed && w.alarming()
	if w.issue.Number == 0 && !w.issue.Closed {
		var err error
		if reopen, err = w.find(ctx); err != nil {
			return err
		}
	}
	if w.issue.Closed && !reopen {
		return w.answer(ctx)
	}
	var err error
	switch {
	case w.issue.Number == 0:
		err = w.open(ctx)
	case w.issue.Digest != w.digest || reopen:
		err = w.edit(ctx, reopen)
	}
	if err != nil {
		return err
	}
	if err := w.sumUp(ctx); err != nil {
		return err
	}
	return w.answer(ctx)
}

// place is the address of the issues of a repository to which the issue moves, "" where readers of the old place may not
// know of the new one.
func (w *writing) place(ctx context.Context, to store.Posture) string {
	from, found, err := w.k.Store.Posture(ctx, w.issue.RepoID)
	if err != nil || !found || to.Private && !from.Private {
		return ""
	}
	return w.org.WebURL + "/" + to.Owner + "/" + to.Name + "/issues"
}

// leave closes the issue where it stood, if that still works, and takes away what it said: who may read it there may be
// others now. to is the address of its new place; "" is none, or one that is not to be named.
func (w *writing) leave(ctx context.Context, to string) error {
	if w.issue.Number == 0 {
		return nil
	}
	old, found, err := w.k.Store.Posture(ctx, w.issue.RepoID)
	if err == nil && found && old.InstallationID == w.issue.InstallationID {
		client := w.k.App.Summary(w.issue.InstallationID, old.Owner, old.Name)
		_, _, err = client.REST.Issues.Edit(ctx, old.Owner, old.Name, w.issue.Number, &gogithub.IssueRequest{
			Body:  gogithub.String(w.k.Issue.Moved(w.issue.InstallationID, to)),
			State: gogithub.String("closed"), StateReason: gogithub.String("not_planned")})
	}
	if err != nil && gh.Status(err) == 0 && !gone(err) {
		return err
	}
	w.issue.RepoID, w.issue.Number, w.issue.Digest = 0, 0, ""
	return w.remember(ctx, false)
}

// critical lists the open critical findings that the issue may name, by repository and fingerprint.
func (w *writing) critical() []string {
	var all []string
	for _, r := range w.org.Repositories {
		for _, f := range r.Findings {
			if f.Severity == finding.Critical && (w.at.Private || !r.Private) {
				all = append(all, fmt.Sprintf("%d %s", r.ID, f.Fingerprint))
			}
		}
	}
	slices.Sort(all)
	return all
}

// alarming tells that there is something critical of which the person who closed the issue did not know.
func (w *writing) alarming() bool {
	return slices.ContainsFunc(w.critical(), func(f string) bool { return !slices.Contains(w.issue.Critical, f) })
}

// findPages bounds the search for an issue whose number was lost: 1000 issues, the newest first.
const findPages = 10

// listedIssue is what is looked at of an issue in a list. go-github leaves out by which App it was opened.
// https://docs.github.com/rest/issues/issues#list-repository-issues
type listedIssue struct {
	gogithub.Issue
	By *struct {
		ID int64 `json:"id"`
	} `json:"performed_via_github_app"`
}

// find looks for an issue that was opened and not remembered. Of several, the oldest stays and the others are closed. left
// tells that this App closed it itself, when it moved, so that it is to be opened again.
func (w *writing) find(ctx context.Context) (left bool, err error) {
	ours, err := w.marked(ctx)
	if err != nil || len(ours) == 0 {
		return false, err
	}
	slices.SortFunc(ours, func(a, b listedIssue) int { return a.GetNumber() - b.GetNumber() })
	for _, issue := range ours[1:] {
		if issue.GetState() != "open" {
			continue
		}
		_, _, err := w.client.REST.Issues.Edit(ctx, w.at.Owner, w.at.Name, issue.GetNumber(), &gogithub.IssueRequest{
			State: gogithub.String("closed"), StateReason: gogithub.String("not_planned")})
		if err != nil {
			return false, fmt.Errorf("close a second one: %w", err)
		}
	}
	first := ours[0]
	left = w.k.Issue.HasMoved(first.GetBody())
	w.issue.Number, w.issue.Digest = first.GetNumber(), digest(first.GetBody())
	return left, w.remember(ctx, first.GetState() == "closed" && !left)
}

// marked lists the issues that this App opened as this account's summary. A marker alone proves nothing: a person, or
// another App that repeats what it is told, may have written it.
func (w *writing) marked(ctx context.Context) (ours []listedIssue, err error) {
	marker := w.k.Issue.Marker(w.issue.InstallationID)
	for page := 1; page <= findPages; page++ {
		address := fmt.Sprintf("repos/%s/%s/issues?state=all&per_page=100&page=%d", w.at.Owner, w.at.Name, page)
		request, err := w.client.REST.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			return nil, fmt.Errorf("look for it: %w", err)
		}
		var issues []listedIssue
		response, err := w.client.REST.Do(ctx, request, &issues)
		if gh.Status(err) == http.StatusGone || gh.NotFound(err) {
			return nil, nil // without issues: opening one says so
		}
		if err != nil {
			return nil, fmt.Errorf("look for it: %w", err)
		}
		for _, issue := range issues {
			if issue.By != nil && issue.By.ID == w.k.App.ID() && !issue.IsPullRequest() && strings.Contains(issue.GetBody(), marker) {
				ours = append(ours, issue)
			}
		}
		if response.NextPage == 0 {
			break
		}
	}
	return ours, nil
}

func (w *writing) open(ctx context.Context) error {
	issue, _, err := w.client.REST.Issues.Create(ctx, w.at.Owner, w.at.Name, &gogithub.IssueRequest{
		Title: gogithub.String(w.k.Issue.Title), Body: gogithub.String(w.body)})
	if gh.Status(err) == http.StatusGone {
		w.k.Log.WarnContext(ctx, "no summary issue: issues are switched off", slog.String("repo", w.at.Owner+"/"+w.at.Name))
		return nil
	}
	if err != nil {
		return fmt.Errorf("open it: %w", err)
	}
	w.issue.Number, w.issue.Digest = issue.GetNumber(), w.digest
	return w.remember(ctx, false)
}

// edit writes the body. That somebody closed or deleted the issue may be news, if the delivery was lost.
func (w *writing) edit(ctx context.Context, reopen bool) error {
	request := &gogithub.IssueRequest{Body: gogithub.String(w.body)}
	if reopen {
		request.State = gogithub.String("open")
	}
	issue, _, err := w.client.REST.Issues.Edit(ctx, w.at.Owner, w.at.Name, w.issue.Number, request)
	if gh.NotFound(err) {
		w.issue.Number, w.issue.Digest = 0, ""
		return w.remember(ctx, true)
	}
	if err != nil {
		return fmt.Errorf("edit it: %w", err)
	}
	w.issue.Digest = w.digest
	return w.remember(ctx, issue.GetState() == "closed")
}

// remember stores what the issue is now. Closed tells that a person does not want to see it.
func (w *writing) remember(ctx context.Context, closed bool) error {
	w.issue.Written = time.Now()
	return w.k.Store.ChangeSummary(ctx, w.issue.InstallationID, func(i *store.SummaryIssue) {
		i.RepoID, i.Number, i.Digest, i.Written = w.issue.RepoID, w.issue.Number, w.issue.Digest, w.issue.Written
		if closed && !i.Closed {
			i.Critical = w.critical()
		}
		i.Closed = closed
		w.issue.Closed = closed
	})
}

// answer tells the comments that asked for a scan that it is done, once nothing more is to be scanned.
func (w *writing) answer(ctx context.Context) error {
	if len(w.issue.Comments) == 0 {
		return nil
	}
	waiting, err := w.k.Store.Pending(ctx, w.issue.InstallationID, store.Scan, store.Reconcile)
	if err != nil || waiting > 0 {
		return err
	}
	repo := change.Repo{ID: w.at.RepoID, Owner: w.at.Owner, Name: w.at.Name}
	for _, comment := range w.issue.Comments {
		if err := command.Finish(ctx, w.client, repo, comment, true); err != nil {
			return err
		}
	}
	return w.k.Store.ChangeSummary(ctx, w.issue.InstallationID, func(i *store.SummaryIssue) {
		i.Comments = slices.DeleteFunc(i.Comments, func(id int64) bool { return slices.Contains(w.issue.Comments, id) })
	})
}
