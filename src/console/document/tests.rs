//! Documents of a small runbook.

use super::*;
use crate::console::fixture::runbook;
use crate::console::terminal::{Colour, Width};
use crate::value::{Datum, Reference};

struct Unknown;

impl Facts for Unknown {
    fn get(&self, _: &Reference) -> Option<Datum> {
        None
    }
}

#[test]
fn a_runbook_reads_well_on_a_terminal() {
    let page = show(&runbook(), Detail::Folded).page();
    assert_eq!(
        page.written(Colour::Never, Width::Columns(60)),
        "\
Checkout error rate is high
  checkout/checkout-error-rate: 2 read, 1 change, 0 destroy
  More than 1 % of checkouts fail.
  never   Do not delete the checkout database pods. They
          hold unsettled payments.
  help    payments secondary: page the service \"payments\"

Diagnose

 1  Are the pods healthy?  [read]
    $ kubectl get pods

 2  When was the last deploy?  [read]
    $ deploys --json

 3  Undo the deploy  [change]
    $ kubectl rollout undo
    undo    not said
"
    );
}

#[test]
fn explanations_are_unfolded_on_request() {
    let why = "A crash loop is the usual cause.";
    let folded = show(&runbook(), Detail::Folded).markdown();
    assert!(!folded.contains(why));
    assert!(show(&runbook(), Detail::Unfolded).markdown().contains(why));
}

#[test]
fn a_runbook_is_a_markdown_document() {
    let text = show(&runbook(), Detail::Folded).markdown();
    let expected = "# Checkout error rate is high

checkout/checkout-error-rate: 2 read, 1 change, 0 destroy

More than 1 % of checkouts fail.

- **Never:** Do not delete the checkout database pods. They hold unsettled payments.
- help: payments secondary: page the service \"payments\"

## Diagnose

### 1 Are the pods healthy? (read)

```sh
kubectl get pods
```
";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn a_value_that_is_not_known_says_where_it_comes_from() {
    use crate::template::Declared;
    use crate::value::{Name, Type};
    let mut runbook = runbook();
    let name = Name::new("deployed_at").unwrap();
    let origin = ValueOrigin::Steps(vec![StepKey(2)]);
    let declared = Declared { ty: Type::Timestamp, closed: true, secret: false, optional: false };
    runbook.values.insert(name.clone(), crate::runbook::ValueDeclaration { declared, origin });
    let writer = Writer {
        runbook: &runbook,
        facts: Some(&Unknown),
        detail: Detail::Folded,
        blocks: Vec::new(),
    };
    assert_eq!(writer.unknown(&Reference::Value(name)), "‹deployed_at: from deploy›");
    assert_eq!(writer.unknown(&Reference::Now), "‹now›");
}
