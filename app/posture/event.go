package posture

import (
	"context"
	"fmt"
	"slices"

	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/command"
	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/queue"
	"github.com/kms-review/kms-review/app/store"
	"github.com/kms-review/kms-review/webhook"
)

// HandleEvent answers what concerns default branches, repositories and the summary issue.
func (k *Keeper) HandleEvent(ctx context.Context, event webhook.Event) (queue.Effect, error) {
	switch event.Kind {
	case webhook.Push:
		return k.pushed(ctx, event)
	case webhook.Repository:
		return k.moved(ctx, event)
	case webhook.Issue:
		return k.touched(ctx, event)
	case webhook.Rescan:
		return k.asked(ctx, event)
	default:
		return queue.Effect{}, nil
	}
}

func task(kind store.TaskKind, subject, installation int64, force bool) queue.Effect {
	return queue.Effect{Tasks: []queue.Task{{Kind: kind, Subject: subject, InstallationID: installation, Force: force}}}
}

// pushed has a default branch looked at, unless there is no Terraform in it and the push brings none. The account's
// settings hold for all its repositories.
func (k *Keeper) pushed(ctx context.Context, event webhook.Event) (queue.Effect, error) {
	id := event.InstallationID
	p, found, err := k.Store.Posture(ctx, event.Repo.ID)
	switch {
	case err != nil:
		return queue.Effect{}, err
	case !found || event.Repo.Name == organisationRepository:
		return task(store.Reconcile, id, id, false), nil
	case p.State == string(NoTerraform) && !event.Terraform:
		return queue.Effect{}, nil
	}
	if event.Terraform && !p.Terraform {
		if err := k.Store.SeeTerraform(ctx, p.RepoID); err != nil {
			return queue.Effect{}, err
		}
	}
	return task(store.Scan, p.RepoID, id, false), nil
}

// moved follows a repository. One that was given to another account belongs to that one's installation now.
// https://docs.github.com/webhooks/webhook-events-and-payloads#repository
func (k *Keeper) moved(ctx context.Context, event webhook.Event) (queue.Effect, error) {
	id, repo := event.InstallationID, event.Repo
	before, known, err := k.Store.Posture(ctx, repo.ID)
	if err != nil {
		return queue.Effect{}, err
	}
	if event.Action == "deleted" {
		err := k.Store.RemoveRepositories(ctx, id, []int64{repo.ID})
		return k.rewritten(ctx, id, repo.ID, err)
	}
	err = k.Store.AddRepositories(ctx, id, []store.Repository{{ID: repo.ID, Owner: repo.Owner, Name: repo.Name, Private: repo.Private}})
	if err == nil {
		err = k.Store.SaveFacts(ctx, id, []store.Facts{{RepoID: repo.ID, NodeID: repo.NodeID, Owner: repo.Owner, Name: repo.Name,
			Private: repo.Private, Archived: repo.Archived, Branch: repo.DefaultBranch}})
	}
	effect, err := k.rewritten(ctx, id, repo.ID, err)
	if err != nil {
		return queue.Effect{}, err
	}
	if known && before.InstallationID != id {
		left, err := k.rewritten(ctx, before.InstallationID, repo.ID, k.Store.RemoveRepositories(ctx, before.InstallationID, []int64{repo.ID}))
		if err != nil {
			return queue.Effect{}, err
		}
		effect.Tasks = append(effect.Tasks, left.Tasks...)
	}
	effect.Tasks = append(effect.Tasks, task(store.Scan, repo.ID, id, false).Tasks...)
	return effect, nil
}

// rewritten has the summary issue written after a repository has moved, unless that failed. What everybody may read does
// not wait: it may name what nobody else may know of.
func (k *Keeper) rewritten(ctx context.Context, id, repoID int64, err error) (queue.Effect, error) {
	if err != nil {
		return queue.Effect{}, err
	}
	issue, _, err := k.Store.SummaryIssue(ctx, id)
	if err != nil {
		return queue.Effect{}, err
	}
	at, found, err := k.Store.Posture(ctx, issue.RepoID)
	if err != nil {
		return queue.Effect{}, err
	}
	if issue.Number != 0 && (issue.RepoID == repoID || found && !at.Private) {
		return task(store.Summary, id, id, true), nil
	}
	tasks, err := k.summaryTask(ctx, id)
	return queue.Effect{Tasks: tasks}, err
}

// touched answers what a person did to the summary issue. What the issue says is read from GitHub, not from the event.
func (k *Keeper) touched(ctx context.Context, event webhook.Event) (queue.Effect, error) {
	issue, found, err := k.Store.SummaryAt(ctx, event.Repo.ID, event.Number)
	if err != nil || !found || issue.InstallationID != event.InstallationID {
		return queue.Effect{}, err
	}
	id := issue.InstallationID
	switch event.Action {
	case "closed", "deleted":
		return queue.Effect{}, k.closed(ctx, id, event.Action == "deleted")
	case "reopened":
		err := k.Store.ChangeSummary(ctx, id, func(i *store.SummaryIssue) { i.Closed, i.Critical = false, nil })
		return task(store.Summary, id, id, true), err
	}
	client, repo := k.summaryClient(event)
	now, _, err := client.REST.Issues.Get(ctx, repo.Owner, repo.Name, event.Number)
	if err != nil {
		return queue.Effect{}, fmt.Errorf("read the summary issue: %w", err)
	}
	if !k.Issue.Requested(now.GetBody()) {
		return queue.Effect{}, nil
	}
	may, err := command.MayWrite(ctx, client, repo, event.Sender)
	if err == nil { // the tick goes away
		err = k.Store.ChangeSummary(ctx, id, func(i *store.SummaryIssue) { i.Digest = "" })
	}
	if err != nil || !may {
		return task(store.Summary, id, id, true), err
	}
	return task(store.Reconcile, id, id, true), nil
}

func (k *Keeper) summaryClient(event webhook.Event) (*gh.Client, change.Repo) {
	repo := change.Repo{ID: event.Repo.ID, Owner: event.Repo.Owner, Name: event.Repo.Name, Private: event.Repo.Private}
	return k.App.Summary(event.InstallationID, repo.Owner, repo.Name), repo
}

// closed remembers that a person does not want to see the issue, and what was critical then.
func (k *Keeper) closed(ctx context.Context, id int64, deleted bool) error {
	installation, _, err := k.Store.Installation(ctx, id)
	if err != nil {
		return err
	}
	org, err := Load(ctx, k.Store, installation)
	if err != nil {
		return err
	}
	w := writing{k: k, org: org, at: store.Posture{Facts: store.Facts{Private: true}}}
	return k.Store.ChangeSummary(ctx, id, func(i *store.SummaryIssue) {
		i.Closed, i.Critical = true, w.critical()
		if deleted {
			i.Number, i.Digest = 0, ""
		}
	})
}

// asked answers /kms-recheck under the summary issue: everything is scanned again for who may write there.
func (k *Keeper) asked(ctx context.Context, event webhook.Event) (queue.Effect, error) {
	issue, found, err := k.Store.SummaryAt(ctx, event.Repo.ID, event.Number)
	if err != nil || !found || issue.InstallationID != event.InstallationID {
		return queue.Effect{}, err
	}
	client, repo := k.summaryClient(event)
	may, err := command.MayWrite(ctx, client, repo, event.Sender)
	if err != nil || !may {
		return queue.Effect{}, err
	}
	if err := command.React(ctx, client, repo, event.CommentID, command.Seen); err != nil {
		return queue.Effect{}, err
	}
	err = k.Store.ChangeSummary(ctx, issue.InstallationID, func(i *store.SummaryIssue) {
		if !slices.Contains(i.Comments, event.CommentID) {
			i.Comments = append(i.Comments, event.CommentID)
		}
	})
	return task(store.Reconcile, issue.InstallationID, issue.InstallationID, true), err
}
