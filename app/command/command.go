// Package command owns who may use /kms-recheck, and how the App answers: with reactions alone, so that nothing
// a stranger wrote is ever repeated in the App's name. The command has no arguments, and only a created comment
// counts: an edited one could put the word into somebody else's mouth. Whoever may not use it gets no answer at
// all, because an answer would tell that the App listens, and would let anybody make it speak.
//
// It needs no rate limit of its own: a reaction exists once however often it is asked for, and rechecks of one
// pull request fall together in the queue, which runs one review of it at a time.
package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/gh"
)

// Reaction is one of GitHub's.
type Reaction string

// The App's answers to a recheck.
const (
	Seen   Reaction = "eyes"     // 👀 the sender may, the review will run
	Done   Reaction = "rocket"   // 🚀 the new check run is complete
	Failed Reaction = "confused" // 😕 it could not run
)

// Allowed tells whether sender may ask for a recheck: with write permission or more, or as the author of a pull
// request that comes from the same repository. An author from a fork alone could make the App work for anybody
// who can open a pull request.
func Allowed(ctx context.Context, client *gh.Client, repo change.Repo, number int, sender string) (bool, error) {
	may, err := MayWrite(ctx, client, repo, sender)
	if err != nil || may || sender == "" {
		return may, err
	}
	pull, _, err := client.REST.PullRequests.Get(ctx, repo.Owner, repo.Name, number)
	if err != nil {
		return false, fmt.Errorf("read the author of pull request %d of %s: %w", number, repo.FullName(), err)
	}
	head := pull.GetHead().GetRepo() // nil where the fork is gone
	same := head != nil && head.GetID() == pull.GetBase().GetRepo().GetID()
	return same && strings.EqualFold(pull.GetUser().GetLogin(), sender), nil
}

// MayWrite tells whether sender has write permission or more on a repository, which is what it takes to have all of an
// account's repositories looked at again.
func MayWrite(ctx context.Context, client *gh.Client, repo change.Repo, sender string) (bool, error) {
	if sender == "" {
		return false, nil
	}
	// GitHub folds maintain into "write" and triage into "read" here; role_name would name custom roles.
	// https://docs.github.com/rest/collaborators/collaborators#get-repository-permissions-for-a-user
	level, _, err := client.REST.Repositories.GetPermissionLevel(ctx, repo.Owner, repo.Name, sender)
	if err != nil && !gh.NotFound(err) { // an App's account, for one, has no permission level
		return false, fmt.Errorf("read the permission of the sender on %s: %w", repo.FullName(), err)
	}
	permission := level.GetPermission()
	return permission == "admin" || permission == "write", nil
}

// React adds a reaction of the App's to a comment. It may be repeated. A comment that was deleted meanwhile wants
// no answer.
// https://docs.github.com/rest/reactions/reactions#create-reaction-for-an-issue-comment
func React(ctx context.Context, client *gh.Client, repo change.Repo, comment int64, reaction Reaction) error {
	_, _, err := client.REST.Reactions.CreateIssueCommentReaction(ctx, repo.Owner, repo.Name, comment, string(reaction))
	if err != nil && !gh.NotFound(err) {
		return fmt.Errorf("react to comment %d of %s: %w", comment, repo.FullName(), err)
	}
	return nil
}

// Finish tells how a recheck ended.
func Finish(ctx context.Context, client *gh.Client, repo change.Repo, comment int64, ran bool) error {
	if ran {
		return React(ctx, client, repo, comment, Done)
	}
	return React(ctx, client, repo, comment, Failed)
}
