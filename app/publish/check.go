package publish

import (
	"context"
	"fmt"
	"strconv"

	"github.com/google/go-github/v66/github"

	"github.com/kms-review/kms-review/app/change"
	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/render"
)

// annotationBatch is the most annotations that one request may carry; those of later requests are appended.
// https://docs.github.com/rest/checks/runs#create-a-check-run
const annotationBatch = 50

// writeCheck writes a completed check run and returns its id: the pending one is completed, else a new one made,
// because annotations can only be appended and a changed result needs a clean one. The rest of the annotations
// follows in batches. Where it fails in the middle, the id is 0: to go on with that run would append twice.
func writeCheck(ctx context.Context, client *gh.Client, pull change.Pull, check render.Check, pending int64) (int64, error) {
	first := check.Annotations[:min(len(check.Annotations), annotationBatch)]
	id := pending
	err := updateCheck(ctx, client, pull, id, check, first)
	if id == 0 || gh.NotFound(err) {
		id, err = createCheck(ctx, client, pull, check, first)
	}
	for n := annotationBatch; err == nil && n < len(check.Annotations); n += annotationBatch {
		err = updateCheck(ctx, client, pull, id, check, check.Annotations[n:min(n+annotationBatch, len(check.Annotations))])
		if err != nil {
			id = 0
		}
	}
	return id, err
}

func startCheck(ctx context.Context, client *gh.Client, pull change.Pull) (int64, error) {
	run, _, err := client.REST.Checks.CreateCheckRun(ctx, pull.Repo.Owner, pull.Repo.Name, github.CreateCheckRunOptions{
		Name:       render.CheckName,
		HeadSHA:    pull.HeadSHA,
		ExternalID: externalID(pull),
		Status:     github.String("in_progress"),
	})
	if err != nil {
		return 0, fmt.Errorf("start the check run of %s at %s: %w", pull.Repo.FullName(), pull.HeadSHA, err)
	}
	return run.GetID(), nil
}

// cancelCheck ends a check run without a judgement.
func cancelCheck(ctx context.Context, client *gh.Client, pull change.Pull, id int64) error {
	_, _, err := client.REST.Checks.UpdateCheckRun(ctx, pull.Repo.Owner, pull.Repo.Name, id, github.UpdateCheckRunOptions{
		Name:       render.CheckName,
		Status:     github.String("completed"),
		Conclusion: github.String("cancelled"),
	})
	if err != nil && !gh.NotFound(err) {
		return fmt.Errorf("cancel check run %d of %s: %w", id, pull.Repo.FullName(), err)
	}
	return nil
}

func createCheck(ctx context.Context, client *gh.Client, pull change.Pull, check render.Check, annotations []render.Annotation) (int64, error) {
	run, _, err := client.REST.Checks.CreateCheckRun(ctx, pull.Repo.Owner, pull.Repo.Name, github.CreateCheckRunOptions{
		Name:       render.CheckName,
		HeadSHA:    pull.HeadSHA,
		ExternalID: externalID(pull),
		Status:     github.String("completed"),
		Conclusion: github.String(string(check.Conclusion)),
		Output:     output(check, annotations),
	})
	if err != nil {
		return 0, fmt.Errorf("create the check run of %s at %s: %w", pull.Repo.FullName(), pull.HeadSHA, err)
	}
	return run.GetID(), nil
}

// updateCheck completes a check run, or appends annotations to it; id 0 is none.
func updateCheck(ctx context.Context, client *gh.Client, pull change.Pull, id int64, check render.Check, annotations []render.Annotation) error {
	if id == 0 {
		return nil
	}
	_, _, err := client.REST.Checks.UpdateCheckRun(ctx, pull.Repo.Owner, pull.Repo.Name, id, github.UpdateCheckRunOptions{
		Name:       render.CheckName,
		ExternalID: externalID(pull),
		Status:     github.String("completed"),
		Conclusion: github.String(string(check.Conclusion)),
		Output:     output(check, annotations),
	})
	if err != nil {
		return fmt.Errorf("update check run %d of %s: %w", id, pull.Repo.FullName(), err)
	}
	return nil
}

// externalID lets a re-run find its pull request: GitHub names none for a pull request from a fork.
func externalID(pull change.Pull) *string {
	if pull.Number == 0 {
		return nil
	}
	return github.String(strconv.Itoa(pull.Number))
}

func output(check render.Check, annotations []render.Annotation) *github.CheckRunOutput {
	out := &github.CheckRunOutput{Title: github.String(check.Title), Summary: github.String(check.Summary)}
	if check.Text != "" {
		out.Text = github.String(check.Text)
	}
	for _, a := range annotations {
		out.Annotations = append(out.Annotations, &github.CheckRunAnnotation{
			Path:            github.String(a.Path),
			StartLine:       github.Int(a.StartLine),
			EndLine:         github.Int(a.EndLine),
			AnnotationLevel: github.String(a.Level),
			Title:           github.String(a.Title),
			Message:         github.String(a.Message),
		})
	}
	return out
}
