package demo

import (
	"context"
	"embed"
	"fmt"
	"io/fs"

	"github.com/kms-review/kms-review/app/simulator"
)

// content is the repository of the story: what is on main, and the files of the pull request.
//
//go:embed all:repository
var content embed.FS

// The story's repository, and the branch of the pull request.
const (
	owner  = "acme"
	name   = "platform"
	branch = "analytics-database"
)

// commit is a commit of the story.
type commit struct {
	message string
	by      string
	paths   []string
}

var history = []commit{
	{"Initial commit", "maintainer", []string{"README.md"}},
	{"Add the key for data at rest", "maintainer", []string{"storage/versions.tf", "storage/main.tf"}},
	{"Add the orders database", "reviewer", []string{"storage/database.tf"}},
	{"Keep the payment provider's token as a secret", "maintainer", []string{"storage/secrets.tf"}},
	{"Let KMS Review fail on high findings", "maintainer", []string{".github/kms-review.yml"}},
}

var proposal = []commit{
	{"Add a database for analytics\n\nWith a key of its own.", "author", []string{"storage/analytics.tf"}},
	{"Rotate the storage key by hand from now on", "author", []string{"storage/main.tf"}},
}

const description = `Analytics gets a database and a key of its own, so that its readers cannot decrypt orders.

- [x] the key and its alias
- [x] the database, encrypted with that key
- [ ] access for the reporting jobs (next pull request)
`

// read takes a commit's files from below a directory of the content.
func (c commit) read(dir string) (map[string]string, error) {
	files := map[string]string{}
	for _, path := range c.paths {
		text, err := fs.ReadFile(content, "repository/"+dir+"/"+path)
		if err != nil {
			return nil, fmt.Errorf("read the demo's own %s: %w", path, err)
		}
		files[path] = string(text)
	}
	return files, nil
}

// createRepository builds main and installs the App.
func (d *demo) createRepository(ctx context.Context) error {
	for i, c := range history {
		files, err := c.read("main")
		if err != nil {
			return err
		}
		if i == 0 {
			if d.repo, err = d.sim.CreateRepository(owner, name, files); err != nil {
				return err
			}
			continue
		}
		if _, err = d.repo.Commit("main", c.message, files, simulator.By(c.by)); err != nil {
			return err
		}
	}
	for _, login := range []string{"author", "reviewer"} {
		d.repo.SetPermission(login, "write")
	}
	if _, err := d.sim.Install(owner, d.repo); err != nil {
		return err
	}
	d.say("Repository", "%s/%s: %d commits on main, the App is installed", owner, name, len(history))
	return d.delivered(ctx, "installation", "created")
}

// openPull pushes the branch and opens the pull request. GitHub delivers the webhook at once.
func (d *demo) openPull(ctx context.Context) error {
	for _, c := range proposal {
		files, err := c.read("change")
		if err != nil {
			return err
		}
		if _, err := d.repo.Commit(branch, c.message, files, simulator.By(c.by)); err != nil {
			return err
		}
	}
	if err := d.settled(ctx); err != nil {
		return err
	}
	d.sim.ResetRequests() // what follows is counted
	pull, err := d.repo.OpenPull(simulator.PullOptions{
		Title: "Add a database for analytics", Body: description, Head: branch, Author: "author",
	})
	if err != nil {
		return err
	}
	d.pull = pull
	st := pull.State()
	files, err := pull.Files()
	if err != nil {
		return err
	}
	d.say("Pull request", "#%d %q by %s: %d files, +%d −%d", st.Number, st.Title, st.Author, len(files), st.Additions, st.Deletions)
	return d.delivered(ctx, "pull_request", "opened")
}
