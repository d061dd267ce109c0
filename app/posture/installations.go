package posture

import (
	"context"
	"fmt"
	"log/slog"

	gogithub "github.com/google/go-github/v66/github"

	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/queue"
	"github.com/kms-review/kms-review/app/store"
)

// installationPages bounds the list of the App's installations: 100,000.
const installationPages = 1000

// installations compares the accounts on which the App is installed with those that are known: a delivery that told of
// one may have been lost. What is no longer installed is forgotten, what is new is looked at. It costs a request of the
// App's own budget for 100 of them.
func (k *Keeper) installations(ctx context.Context) (queue.Effect, error) {
	known, err := k.Store.Installations(ctx)
	if err != nil {
		return queue.Effect{}, err
	}
	before := map[int64]store.Installation{}
	for _, i := range known {
		before[i.ID] = i
	}
	listed, err := k.listInstallations(ctx)
	if err != nil {
		return queue.Effect{}, err
	}
	var effect queue.Effect
	there := map[int64]bool{}
	for _, i := range listed {
		there[i.GetID()] = true
		look, err := k.follow(ctx, before, i)
		if err != nil {
			return queue.Effect{}, err
		}
		if look {
			effect.Tasks = append(effect.Tasks, task(store.Reconcile, i.GetID(), i.GetID(), false).Tasks...)
		}
	}
	return effect, k.forget(ctx, there)
}

// listInstallations asks for all of them.
// https://docs.github.com/rest/apps/apps#list-installations-for-the-authenticated-app
func (k *Keeper) listInstallations(ctx context.Context) (all []*gogithub.Installation, err error) {
	client := k.App.JWTClient()
	for page := 1; page <= installationPages; page++ {
		list, response, err := client.Apps.ListInstallations(ctx, &gogithub.ListOptions{Page: page, PerPage: 100})
		if err != nil {
			return nil, fmt.Errorf("list the installations: %w", err)
		}
		all = append(all, list...)
		if response.NextPage == 0 {
			return all, nil
		}
	}
	return nil, fmt.Errorf("list the installations: there are more than %d", 100*installationPages)
}

// follow records what is new about an installation, and tells whether its repositories are to be looked at.
func (k *Keeper) follow(ctx context.Context, before map[int64]store.Installation, now *gogithub.Installation) (look bool, err error) {
	id, account, suspended := now.GetID(), now.GetAccount().GetLogin(), now.SuspendedAt != nil
	was, known := before[id]
	if known && was.Account == account && was.Suspended == suspended {
		return false, nil
	}
	k.Log.InfoContext(ctx, "installation found that no delivery told of", slog.Int64("installation", id), slog.String("account", account),
		slog.Bool("new", !known), slog.Bool("suspended", suspended))
	if err := k.Store.SeeInstallation(ctx, id, account); err != nil {
		return false, err
	}
	return !suspended, k.Store.Suspend(ctx, id, suspended)
}

// forget deletes what is known of installations that are gone. A list can be incomplete, and what it lacks may have come
// after it was made, so GitHub is asked for each by itself before.
func (k *Keeper) forget(ctx context.Context, there map[int64]bool) error {
	ids, err := k.Store.InstallationIDs(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if there[id] {
			continue
		}
		_, _, err := k.App.JWTClient().Apps.GetInstallation(ctx, id)
		if err == nil {
			continue
		}
		if !gh.NotFound(err) {
			return fmt.Errorf("look for installation %d: %w", id, err)
		}
		if err := k.Store.DeleteInstallation(ctx, id); err != nil {
			return err
		}
		k.Log.InfoContext(ctx, "installation is gone, and no delivery told of it", slog.Int64("installation", id))
	}
	return nil
}
