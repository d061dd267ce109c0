package app_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/kms-review/kms-review/app"
	"github.com/kms-review/kms-review/app/config"
	"github.com/kms-review/kms-review/app/store"
)

// TestReport: beside the running App, a report tells what the App knows of an account.
func TestReport(t *testing.T) {
	t.Parallel()
	w := newOrganisation(t)
	w.create(".github-private", map[string]string{"README.md": "x\n"})
	w.create("infra", map[string]string{"main.tf": goodKey, "backup/main.tf": badKey})
	w.install()
	write := func(account, format string) (string, error) {
		var b bytes.Buffer
		err := app.Report(t.Context(), &b, config.Reading{DatabaseURL: config.NewSecret(w.db), APIURL: "https://api.github.com"},
			app.ReportOptions{Account: account, Format: format, Version: "v1"})
		return b.String(), err
	}
	page, err := write("Octo", "html")
	w.must(err)
	for _, want := range []string{"AWS KMS in the repositories of octo", "aws_kms_key.backup", "https://github.com/octo/infra/blob/", "PCI DSS v4"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	text, err := write("", "json")
	w.must(err)
	var document struct {
		Account      string
		Repositories []struct {
			Name, State string
			Findings    []struct{ Rule, Address string }
			Keys        struct{ Count, Rotated int }
		}
	}
	w.must(json.Unmarshal([]byte(text), &document))
	found := map[string]bool{}
	for _, r := range document.Repositories {
		for _, f := range r.Findings {
			found[r.Name+" "+r.State+" "+f.Rule+" "+f.Address] = true
		}
	}
	if !found["octo/infra scanned KMS101 aws_kms_key.backup"] || document.Account != "octo" {
		t.Errorf("the JSON holds %+v", document)
	}
	table, err := write("octo", "csv")
	w.must(err)
	rows, err := csv.NewReader(strings.NewReader(table)).ReadAll()
	w.must(err)
	if want := 1 + len(document.Repositories) + len(found); len(rows) < want {
		t.Errorf("%d rows, want %d at least", len(rows), want)
	}
	if _, err := write("acme", "csv"); err == nil || err.Error() != `unknown account "acme"; the database knows octo` {
		t.Errorf("an account that is not known: %v", err)
	}
}

func TestReportBeforeAnyInstallation(t *testing.T) {
	t.Parallel()
	db := newDatabase(t)
	st, err := store.Open(t.Context(), db, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	var b bytes.Buffer
	err = app.Report(t.Context(), &b, config.Reading{DatabaseURL: config.NewSecret(db), APIURL: "https://api.github.com"}, app.ReportOptions{Format: "html"})
	if err == nil || !strings.Contains(err.Error(), "knows no account yet") || b.Len() > 0 {
		t.Errorf("got %v and %d bytes", err, b.Len())
	}
}
