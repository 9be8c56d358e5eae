//! A kubeconfig that knows one context and one namespace: what a command on a cluster is given, so
//! that it cannot reach another cluster by mistake.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::time::Duration;

use super::executor::Setting;
use crate::process::{Tool, capture, program_in_path};

/// How long kubectl may take to read files.
const LIMIT: Duration = Duration::from_secs(20);

/// Variables by which helm and old programs reach a cluster that no kubeconfig names.
const AROUND: [&str; 9] = [
    "HELM_KUBEAPISERVER",
    "HELM_KUBEASGROUPS",
    "HELM_KUBEASUSER",
    "HELM_KUBECAFILE",
    "HELM_KUBECONTEXT",
    "HELM_KUBETOKEN",
    "HELM_NAMESPACE",
    "KUBERNETES_MASTER",
    "POD_NAMESPACE",
];

/// Takes away what would lead to another cluster.
pub(super) fn confine(environment: &mut BTreeMap<OsString, OsString>) {
    for name in AROUND {
        environment.remove(OsStr::new(name));
    }
}

/// The kubeconfig, from the responder's own or the one that the environment names; or why there is
/// none.
pub(super) fn kubeconfig(
    setting: &Setting,
    environment: &BTreeMap<OsString, OsString>,
    context: &str,
    namespace: Option<&str>,
) -> Result<Vec<u8>, String> {
    let path = environment.get(OsStr::new("PATH")).cloned().unwrap_or_default();
    let program = program_in_path("kubectl", &path)
        .ok_or("there is no program \"kubectl\" in the folders of PATH")?;
    let context_word = format!("--context={context}");
    let args = ["config", "view", "--minify", "--flatten", "--raw", "--output=json", &context_word];
    let captured = capture(&Tool {
        program,
        args: args.map(OsString::from).to_vec(),
        environment: environment.clone(),
        folder: setting.work.clone(),
        stdin: Vec::new(),
        timeout: LIMIT,
    })
    .map_err(|error| error.to_string())?;
    if !captured.status.success() {
        return Err(format!("kubectl finds no context {context:?} in its configuration"));
    }
    confined(&captured.stdout, context, namespace)
        .ok_or_else(|| format!("kubectl did not give the context {context:?} alone"))
}

/// A configuration that holds this context and no other, with the namespace set.
fn confined(json: &[u8], context: &str, namespace: Option<&str>) -> Option<Vec<u8>> {
    let mut config: serde_json::Value = serde_json::from_slice(json).ok()?;
    let [only] = config.get_mut("contexts")?.as_array_mut()?.as_mut_slice() else {
        return None;
    };
    if only.get("name")?.as_str()? != context {
        return None;
    }
    if let Some(namespace) = namespace {
        let context = only.get_mut("context")?.as_object_mut()?;
        context.insert("namespace".to_owned(), namespace.into());
    }
    let alone = config.get("clusters")?.as_array()?.len() == 1;
    (alone && config.get("current-context")?.as_str()? == context)
        .then(|| config.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(contexts: &str, current: &str) -> String {
        format!(
            r#"{{"kind":"Config","contexts":[{contexts}],"clusters":[{{"name":"c"}}],"users":[],"current-context":"{current}"}}"#
        )
    }

    #[test]
    fn only_the_wanted_context_passes_and_gets_its_namespace() {
        let prod = r#"{"name":"prod","context":{"cluster":"c","namespace":"old"}}"#;
        let other = r#"{"name":"other","context":{"cluster":"c"}}"#;
        let made = confined(config(prod, "prod").as_bytes(), "prod", Some("shop")).unwrap();
        let made: serde_json::Value = serde_json::from_slice(&made).unwrap();
        assert_eq!(made["contexts"][0]["context"]["namespace"], "shop");
        let kept = confined(config(prod, "prod").as_bytes(), "prod", None).unwrap();
        assert!(String::from_utf8(kept).unwrap().contains("old"));
        for bad in [
            config(other, "other"),
            config(&format!("{prod},{other}"), "prod"),
            config(prod, "other"),
            "{}".to_owned(),
            "no json".to_owned(),
        ] {
            assert_eq!(confined(bad.as_bytes(), "prod", None), None, "{bad}");
        }
    }
}
