package publish

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-github/v66/github"

	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/render"
)

// reviewRequests bounds the search for lines that GitHub refuses. Twelve find one bad line among twenty.
const reviewRequests = 12

// postReview posts comments as one review. GitHub refuses a review as a whole for one line that is not in its
// diff and does not say which, so a refused one is halved until the rest stands; the comments that found no
// place are returned. Hunks come from GitHub itself, so this happens only when the diff moved underneath.
func postReview(ctx context.Context, client *gh.Client, pull change.Pull, comments []render.Comment) (unplaced []render.Comment, err error) {
	if len(comments) == 0 {
		return nil, nil
	}
	batches := [][]render.Comment{comments}
	for requests := 0; len(batches) > 0; requests++ {
		batch := batches[0]
		batches = batches[1:]
		if requests >= reviewRequests {
			unplaced = append(unplaced, batch...)
			continue
		}
		err := createReview(ctx, client, pull, batch)
		switch {
		case err == nil:
		case !lineRefused(err):
			return nil, fmt.Errorf("post a review on %s#%d: %w", pull.Repo.FullName(), pull.Number, err)
		case len(batch) == 1:
			unplaced = append(unplaced, batch...)
		default:
			half := len(batch) / 2
			batches = append([][]render.Comment{batch[:half], batch[half:]}, batches...)
		}
	}
	return unplaced, nil
}

func createReview(ctx context.Context, client *gh.Client, pull change.Pull, comments []render.Comment) error {
	request := &github.PullRequestReviewRequest{
		CommitID: github.String(pull.HeadSHA),
		Event:    github.String("COMMENT"),
		Body:     github.String(reviewBody(len(comments))),
	}
	for _, c := range comments {
		draft := &github.DraftReviewComment{
			Path: github.String(c.Path),
			Body: github.String(c.Body),
			Side: github.String("RIGHT"),
			Line: github.Int(c.Line),
		}
		if c.AtBase {
			draft.Side = github.String("LEFT")
		}
		if c.StartLine > 0 && c.StartLine < c.Line {
			draft.StartLine, draft.StartSide = github.Int(c.StartLine), draft.Side
		}
		request.Comments = append(request.Comments, draft)
	}
	_, _, err := client.REST.PullRequests.CreateReview(ctx, pull.Repo.Owner, pull.Repo.Name, pull.Number, request)
	return err
}

func reviewBody(n int) string {
	remarks := "a new remark"
	if n > 1 {
		remarks = fmt.Sprintf("%d new remarks", n)
	}
	return fmt.Sprintf("%s has %s; the check run has the details.", render.CheckName, remarks)
}

// lineRefused tells a review that GitHub refuses for one of its lines from one that it refuses for its haste,
// which also has status 422 ("was submitted too quickly after a previous comment"): halving would only add to it.
// https://github.com/cli/cli/issues/4801
func lineRefused(err error) bool {
	if gh.Status(err) != http.StatusUnprocessableEntity {
		return false
	}
	var response *github.ErrorResponse
	if !errors.As(err, &response) {
		return false
	}
	text := strings.ToLower(fmt.Sprint(response.Message, response.Errors))
	return !strings.Contains(text, "too quickly") && !strings.Contains(text, "spam")
}
