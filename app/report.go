package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/app/config"
	"github.com/kms-review/kms-review/app/gh"
	"github.com/kms-review/kms-review/app/posture"
	"github.com/kms-review/kms-review/app/posture/report"
	"github.com/kms-review/kms-review/app/store"
)

// ReportOptions says which account's posture is written, and how it looks.
type ReportOptions struct {
	Account string // login of the organisation or the user; "": the only one that the database knows
	Format  string // one of ReportFormats
	Version string
}

// ReportFormats are the names that ReportOptions.Format takes.
func ReportFormats() []string { return []string{"html", "json", "csv"} }

// Report writes how an account stands, as the database has it. It only reads, so it may run beside the App.
func Report(ctx context.Context, w io.Writer, cfg config.Reading, options ReportOptions) (err error) {
	write := map[string]func(io.Writer, posture.Organisation) error{"html": report.HTML, "json": report.JSON, "csv": report.CSV}[options.Format]
	if write == nil {
		return fmt.Errorf("unknown format %q", options.Format)
	}
	st, err := store.OpenReads(ctx, cfg.DatabaseURL.Reveal())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	installations, err := st.Installations(ctx)
	if err != nil {
		return err
	}
	installation, err := named(installations, options.Account)
	if err != nil {
		return err
	}
	organisation, err := posture.Load(ctx, st, installation)
	if err != nil {
		return err
	}
	organisation.Version = options.Version
	if organisation.WebURL, err = gh.WebURL(cfg.APIURL); err != nil {
		return err
	}
	return write(w, organisation)
}

// named finds an account. GitHub's logins differ by more than case.
func named(installations []store.Installation, account string) (store.Installation, error) {
	var known []string
	for _, i := range installations {
		if strings.EqualFold(i.Account, account) || account == "" && len(installations) == 1 {
			return i, nil
		}
		known = append(known, i.Account)
	}
	slices.Sort(known)
	switch {
	case len(known) == 0:
		return store.Installation{}, errors.New("the database knows no account yet: it learns of them while `kms-review serve` runs and the App is installed")
	case account == "":
		return store.Installation{}, fmt.Errorf("the database knows several accounts; --org takes one of them: %s", strings.Join(known, ", "))
	default:
		return store.Installation{}, fmt.Errorf("unknown account %q; the database knows %s", account, strings.Join(known, ", "))
	}
}
