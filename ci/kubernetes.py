"""Checks the manifests of deploy/kubernetes as kustomize renders them, read from standard input: against the
schemas of the oldest and the newest Kubernetes that are meant, and against the rules below. Then every kind of
mistake is made once, on purpose, and must be found. Needs kubernetes-validate; ci/kubernetes.sh brings it."""

import copy
import functools
import json
import re
import sys
from pathlib import Path

import kubernetes_validate
import yaml

VERSIONS = ("1.30", "1.37")
ROOT = Path(__file__).resolve().parent.parent
SERVICES = ("r4-core", "r4-vrf", "r4-gateway")
# What a probe asks; the others ask /health. r4-vrf and the gateways serve more than what makes them ready.
PATHS = {("r4-core", "startupProbe"): "/ready", ("r4-core", "readinessProbe"): "/ready",
         ("r4-gateway", "startupProbe"): "/v1/health"}
SECRET = re.compile(r"R4_(API_KEY|INTERNAL_KEY|ADMIN_TOKEN|REDIS_URL|DATABASE_URL)|.*PASSWORD")
# Who may connect to whom, and nobody else.
FLOWS = {("r4-gateway", "r4-core"), ("r4-gateway", "r4-vrf"), ("r4-vrf", "r4-core"), ("r4-gateway", "redis"),
         ("r4-gateway", "postgres")}
VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}
DRAIN_SECONDS = 10  # 8 s for open requests, and what comes before and after


def known_settings(service):
    """The variables that the text of `SERVICE --help` names."""
    source = (ROOT / f"crates/{service}/src/config.rs").read_text()
    text = re.search(r'pub const ENVIRONMENT: &str = "(.*?)";', source, re.S).group(1)
    return set(re.findall(r"\b(?:R4_[A-Z0-9_]+|DOMAIN|API_KEY|API_HOST|PORT)\b", text))


def public_paths():
    """The paths that the Caddyfile lets through to the gateway, as beginnings."""
    return {p.rstrip("*").rstrip("/") for p in re.search(r"@gateway path (.*)", (ROOT / "Caddyfile").read_text())[1].split()}


@functools.cache
def schema_error(version, text):
    """What Kubernetes of that version would say of an object, given as JSON; nothing if it fits."""
    try:
        kubernetes_validate.validate(json.loads(text), version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return error.message[:200]
    return None


class Manifests:
    """What was rendered, and what is wrong with it."""

    def __init__(self, objects):
        self.objects, self.wrong = objects, []
        self.pods = {o["metadata"]["name"]: o for o in self.all("Deployment") + self.all("StatefulSet")}

    def all(self, kind):
        return [o for o in self.objects if o["kind"] == kind]

    def named(self, kind, name):
        return next((o for o in self.all(kind) if o["metadata"]["name"] == name), None)

    def expect(self, good, sentence):
        if not good:
            self.wrong.append(sentence)

    def selected(self, selector):
        """The names of the workloads whose pods have the labels."""
        labels = (selector or {}).get("matchLabels", selector or {})
        pods = {n: o["spec"]["template"]["metadata"]["labels"].items() for n, o in self.pods.items()}
        return {name for name, own in pods.items() if labels.items() <= own}

    def port(self, workload, port):
        """Whether the pods listen on a port, by its name or number."""
        containers = self.pods[workload]["spec"]["template"]["spec"]["containers"]
        return any(port in (p.get("name"), p["containerPort"]) for c in containers for p in c.get("ports", []))

    def check(self):
        for o in self.objects:
            where = f"{o['kind']} {o['metadata']['name']}"
            self.expect(o["kind"] == "Namespace" or o["metadata"].get("namespace") == "r4", f"{where}: not in r4")
            for version in VERSIONS:
                error = schema_error(version, json.dumps(o, sort_keys=True))
                self.expect(not error, f"{where}: not of Kubernetes {version}: {error}")
        namespace = self.named("Namespace", "r4")
        enforce = namespace and namespace["metadata"]["labels"].get("pod-security.kubernetes.io/enforce")
        self.expect(enforce == "restricted", "the namespace does not enforce `restricted`")
        if self.wrong:
            return self.wrong  # what follows takes the form for granted
        for name, workload in self.pods.items():
            self.check_pod(name, workload["spec"]["template"]["spec"])
            self.expect(self.selected(workload["spec"]["selector"]) == {name}, f"{name}: its selector is not its own")
        self.check_references()
        self.check_flows()
        return self.wrong

    def check_pod(self, name, pod):
        security = pod.get("securityContext", {})
        self.expect(security.get("runAsNonRoot") is True and security.get("runAsUser", 0) > 0, f"{name}: runs as root")
        self.expect(security.get("seccompProfile") == {"type": "RuntimeDefault"}, f"{name}: no seccomp profile")
        self.expect(not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys(), f"{name}: shares with the host")
        self.expect(pod.get("automountServiceAccountToken") is False, f"{name}: has a token")
        self.expect(self.named("ServiceAccount", pod.get("serviceAccountName")), f"{name}: no such account")
        self.expect(pod.get("enableServiceLinks") is False, f"{name}: service links look like settings")
        for volume in pod.get("volumes", []):
            self.expect(set(volume) - {"name"} <= VOLUMES, f"{name}: the volume {volume['name']} is not `restricted`")
            secret = volume.get("secret", {}).get("secretName")
            self.expect(not secret or self.named("Secret", secret), f"{name}: no secret {secret}")
        for container in pod.get("initContainers", []) + pod["containers"]:
            self.check_container(name, pod, container)
        if name == "r4-vrf":
            spec = self.pods[name]["spec"]
            self.expect(spec["replicas"] == 1 and spec.get("volumeClaimTemplates"), "r4-vrf: not one with one volume")
            self.expect(security.get("fsGroupChangePolicy") == "OnRootMismatch", "r4-vrf: its seeds would be opened")

    def check_container(self, name, pod, container):
        security = container.get("securityContext", {})
        self.expect(security.get("allowPrivilegeEscalation") is False, f"{name}: may gain privileges")
        self.expect(security.get("readOnlyRootFilesystem") is True, f"{name}: its files can be written")
        self.expect(security.get("capabilities") == {"drop": ["ALL"]}, f"{name}: has capabilities")
        self.expect("privileged" not in security and "runAsUser" not in security, f"{name}: overrides its pod")
        self.expect(not any("hostPort" in p for p in container.get("ports", [])), f"{name}: takes the host's port")
        image = container["image"].rsplit("/", 1)[-1]
        self.expect(re.search(r"[:@]", image) and not image.endswith(":latest"), f"{name}: which image is {image}?")
        resources = container.get("resources", {})
        bounds = {"cpu", "memory"} <= resources.get("requests", {}).keys() and "memory" in resources.get("limits", {})
        self.expect(bounds, f"{name}: no bounds")
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            asked = container.get(probe, {})
            self.expect({"httpGet", "tcpSocket", "exec"} & asked.keys(), f"{name}: no {probe}")
            port = asked.get("httpGet", asked.get("tcpSocket", {})).get("port")
            self.expect(port is None or self.port(name, port), f"{name}: {probe} asks a port that is not there")
            path = asked.get("httpGet", {}).get("path")
            good = PATHS.get((name, probe), "/health")
            self.expect(path is None or path == good, f"{name}: {probe} asks {path}, not {good}")
        sleep = container.get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", ["", "0"])[1]
        grace = pod.get("terminationGracePeriodSeconds", 30)
        self.expect(int(sleep) + DRAIN_SECONDS <= grace, f"{name}: is killed before it has drained")
        self.check_settings(name, pod, container)

    def check_settings(self, name, pod, container):
        keys = {e["name"]: e.get("value", "") for e in container.get("env", [])}
        for source in container.get("envFrom", []):
            settings = self.named("ConfigMap", source["configMapRef"]["name"])
            self.expect(settings, f"{name}: no ConfigMap {source['configMapRef']['name']}")
            keys |= (settings or {}).get("data", {})
        if name in SERVICES:
            unknown = keys.keys() - known_settings(name)
            self.expect(not unknown, f"{name}: does not read {sorted(unknown)}")
            self.expect(keys.get("API_KEY") == "", f"{name}: takes the image's key `demo`")
        mounts = {m["mountPath"]: m["name"] for m in container.get("volumeMounts", [])}
        volumes = {v["name"]: v for v in pod.get("volumes", [])}
        claims = {c["metadata"]["name"] for c in self.pods[name]["spec"].get("volumeClaimTemplates", [])}
        self.expect(set(mounts.values()) <= volumes.keys() | claims, f"{name}: mounts what is not there")
        for key, value in keys.items():
            self.expect(not (SECRET.fullmatch(key) and value), f"{name}: {key} has a secret in the open")
            if key.endswith("_FILE"):
                folder, file = value.rsplit("/", 1)
                secret = volumes.get(mounts.get(folder), {}).get("secret", {}).get("secretName")
                there = (self.named("Secret", secret) or {}).get("data", {})
                self.expect(file in there, f"{name}: {key} names a file that no secret has")
            if (url := re.fullmatch(r"http://([^:/]+):(\d+)", value)) and key.startswith("R4_"):
                service = self.named("Service", url[1])
                ports = [p["port"] for p in service["spec"]["ports"]] if service else []
                self.expect(int(url[2]) in ports, f"{name}: {key} names no Service")

    def check_references(self):
        for service in self.all("Service"):
            name, pods = service["metadata"]["name"], self.selected(service["spec"].get("selector"))
            self.expect(len(pods) == 1, f"Service {name}: selects {sorted(pods)}")
            for port in service["spec"]["ports"]:
                there = all(self.port(pod, port.get("targetPort", port["port"])) for pod in pods)
                self.expect(there, f"Service {name}: no pod has its port")
        for budget in self.all("PodDisruptionBudget"):
            self.expect(self.selected(budget["spec"]["selector"]), f"a budget selects nothing: {budget['metadata']['name']}")
        scaled = {o["spec"]["scaleTargetRef"]["name"] for o in self.all("HorizontalPodAutoscaler")}
        self.expect(scaled == {"r4-core", "r4-gateway"}, f"the autoscalers are for {sorted(scaled)}")
        self.expect(not any("replicas" in self.pods[name]["spec"] for name in scaled & self.pods.keys()),
                    "a number of replicas would undo the autoscaler's at each apply")
        for name, workload in self.pods.items():
            headless = workload["spec"].get("serviceName")
            self.expect(not headless or self.named("Service", headless), f"{name}: no Service {headless}")
            for spread in workload["spec"]["template"]["spec"].get("topologySpreadConstraints", []):
                self.expect(self.selected(spread["labelSelector"]) == {name}, f"{name}: spreads other pods")
        core = self.named("Service", "r4-core")
        self.expect(core and core["spec"].get("clusterIP") == "None", "r4-core: the gateways do not see its replicas")
        for ingress in self.all("Ingress"):
            paths = [path for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]]
            self.expect({p["path"].rstrip("/") for p in paths} == public_paths(), "Ingress: not the paths of the Caddyfile")
            for path in paths:
                to = path["backend"]["service"]
                service = self.named("Service", to["name"]) or {"spec": {"ports": []}}
                ports = [p[key] for p in service["spec"]["ports"] for key in ("name", "port")]
                self.expect(to["port"].get("name", to["port"].get("number")) in ports, "Ingress: leads nowhere")

    def allowed(self, policy_type, one, other):
        """Whether the policies of `one` let it connect to, or be reached by, the pods of `other`."""
        rule, peers = {"Egress": ("egress", "to"), "Ingress": ("ingress", "from")}[policy_type]
        policies = [p["spec"] for p in self.all("NetworkPolicy") if one in self.selected(p["spec"]["podSelector"])]
        policies = [p for p in policies if policy_type in p["policyTypes"]]
        listener = other if policy_type == "Egress" else one
        return not policies or any(
            (peers not in r or any("namespaceSelector" not in p and other in self.selected(p["podSelector"]) for p in r[peers]))
            and any(self.port(listener, port["port"]) for port in r.get("ports", []))
            for p in policies for r in p.get(rule, []))

    def check_flows(self):
        flows = {(a, b) for a in self.pods for b in self.pods if a != b}
        open_flows = {(a, b) for a, b in flows if self.allowed("Egress", a, b) and self.allowed("Ingress", b, a)}
        self.expect(open_flows == FLOWS, f"who may connect to whom: {sorted(open_flows ^ FLOWS)} should be otherwise")
        for policy in self.all("NetworkPolicy"):
            self.expect(self.selected(policy["spec"]["podSelector"]), f"{policy['metadata']['name']} selects nothing")
        denied = self.named("NetworkPolicy", "nothing-else")
        want = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
        self.expect(denied and denied["spec"] == want, "what no policy allows is allowed")


def pod_of(objects, name):
    return next(o for o in objects if o["kind"] in ("Deployment", "StatefulSet") and o["metadata"]["name"] == name)["spec"]["template"]["spec"]


def spec_of(objects, kind, name):
    return next(o for o in objects if o["kind"] == kind and o["metadata"]["name"] == name)["spec"]


def container(name):
    return lambda objects: pod_of(objects, name)["containers"][0]


# What is broken, how, and a word of the sentence that must say so.
MISTAKES = [
    ("Kubernetes 1.37", lambda o: container("r4-core")(o).update(ports=[{"containerPort": "8080"}])),
    ("Kubernetes 1.30", lambda o: container("r4-core")(o).update(imagePullPolice="Always")),
    ("enforce", lambda o: o[[x["kind"] for x in o].index("Namespace")]["metadata"].update(labels={})),
    ("not in r4", lambda o: o[[x["kind"] for x in o].index("Service")]["metadata"].update(namespace="default")),
    ("root", lambda o: pod_of(o, "redis")["securityContext"].update(runAsNonRoot=False)),
    ("seccomp", lambda o: pod_of(o, "r4-vrf")["securityContext"].pop("seccompProfile")),
    ("host", lambda o: pod_of(o, "r4-core").update(hostNetwork=True)),
    ("token", lambda o: pod_of(o, "r4-core").pop("automountServiceAccountToken")),
    ("links", lambda o: pod_of(o, "r4-gateway").pop("enableServiceLinks")),
    ("not `restricted`", lambda o: pod_of(o, "redis")["volumes"][1].update(emptyDir=None, hostPath={"path": "/"})),
    ("privileges", lambda o: container("postgres")(o)["securityContext"].update(allowPrivilegeEscalation=True)),
    ("written", lambda o: container("r4-vrf")(o)["securityContext"].pop("readOnlyRootFilesystem")),
    ("capabilities", lambda o: container("r4-core")(o)["securityContext"]["capabilities"].update(add=["SYS_ADMIN"])),
    ("which image", lambda o: container("r4-core")(o).update(image="r4-core")),
    ("bounds", lambda o: container("r4-core")(o)["resources"].pop("limits")),
    ("no livenessProbe", lambda o: container("r4-vrf")(o).pop("livenessProbe")),
    ("port that is not there", lambda o: container("r4-vrf")(o)["readinessProbe"]["httpGet"].update(port=8080)),
    ("asks /healthz", lambda o: container("r4-core")(o)["readinessProbe"]["httpGet"].update(path="/healthz")),
    ("r4-gateway: readinessProbe asks /ready", lambda o: container("r4-gateway")(o)["readinessProbe"]["httpGet"].update(path="/ready")),
    ("r4-gateway: startupProbe asks /ready", lambda o: container("r4-gateway")(o)["startupProbe"]["httpGet"].update(path="/ready")),
    ("r4-vrf: readinessProbe asks /ready", lambda o: container("r4-vrf")(o)["readinessProbe"]["httpGet"].update(path="/ready")),
    ("drained", lambda o: pod_of(o, "r4-core").update(terminationGracePeriodSeconds=30)),
    ("does not read ['R4_STATEDIR']", lambda o: container("r4-vrf")(o)["env"].append({"name": "R4_STATEDIR", "value": "/x"})),
    ("demo", lambda o: container("r4-core")(o)["env"].pop(0)),
    ("in the open", lambda o: container("r4-core")(o)["env"].append({"name": "R4_API_KEY", "value": "secret"})),
    ("no secret has", lambda o: container("r4-gateway")(o)["env"][1].update(value="/run/secrets/r4/api-key")),
    ("names no Service", lambda o: container("r4-vrf")(o)["env"][3].update(value="http://core:8080")),
    ("no ConfigMap", lambda o: container("r4-vrf")(o)["envFrom"][0]["configMapRef"].update(name="settings")),
    ("one volume", lambda o: spec_of(o, "StatefulSet", "r4-vrf").update(replicas=2)),
    ("seeds", lambda o: pod_of(o, "r4-vrf")["securityContext"].pop("fsGroupChangePolicy")),
    ("Service redis: selects []", lambda o: spec_of(o, "Service", "redis").update(selector={"app": "redis"})),
    ("no pod has its port", lambda o: spec_of(o, "Service", "r4-gateway")["ports"][0].update(targetPort="web")),
    ("not its own", lambda o: spec_of(o, "Deployment", "r4-core").update(selector={"matchLabels": {"app.kubernetes.io/part-of": "re4ctor"}})),
    ("undo", lambda o: spec_of(o, "Deployment", "r4-core").update(replicas=2)),
    ("budget", lambda o: spec_of(o, "PodDisruptionBudget", "r4-core")["selector"].update(matchLabels={"app": "core"})),
    ("the autoscalers", lambda o: spec_of(o, "HorizontalPodAutoscaler", "r4-core")["scaleTargetRef"].update(name="r4-vrf")),
    ("see its replicas", lambda o: spec_of(o, "Service", "r4-core").pop("clusterIP")),
    ("paths of the Caddyfile", lambda o: spec_of(o, "Ingress", "r4-gateway")["rules"][0]["http"]["paths"][0].update(path="/")),
    ("leads nowhere", lambda o: spec_of(o, "Ingress", "r4-gateway")["rules"][0]["http"]["paths"][1]["backend"]["service"].update(name="r4-core", port={"name": "web"})),
    ("('redis', 'r4-core')", lambda o: (spec_of(o, "NetworkPolicy", "r4-core")["ingress"][0].pop("from"),
                                        spec_of(o, "NetworkPolicy", "names")["egress"].append({"ports": [{"port": 8080}]}))),
    ("('r4-vrf', 'r4-core')", lambda o: spec_of(o, "NetworkPolicy", "r4-core")["ingress"][0]["from"].pop()),
    ("what no policy allows", lambda o: spec_of(o, "NetworkPolicy", "nothing-else").update(policyTypes=["Ingress"])),
]


def main():
    objects = [o for o in yaml.safe_load_all(sys.stdin) if o]
    # kustomize gives generated names a hash of their content; the rules name them without it.
    plain = re.compile(r"-[0-9a-z]{10}$")
    for o in objects:
        if o["kind"] in ("ConfigMap", "Secret"):
            o["metadata"]["name"] = plain.sub("", o["metadata"]["name"])
    for name in [o["metadata"]["name"] for o in objects if o["kind"] in ("Deployment", "StatefulSet")]:
        pod = pod_of(objects, name)
        for volume in pod.get("volumes", []):
            if "secret" in volume:
                volume["secret"]["secretName"] = plain.sub("", volume["secret"]["secretName"])
        for source in [s for c in pod["containers"] for s in c.get("envFrom", [])]:
            source["configMapRef"]["name"] = plain.sub("", source["configMapRef"]["name"])
    if wrong := Manifests(objects).check():
        sys.exit("\n".join(wrong))
    for word, break_it in MISTAKES:
        broken = copy.deepcopy(objects)
        break_it(broken)
        wrong = Manifests(broken).check()
        if not any(word in sentence for sentence in wrong):
            sys.exit(f"the mistake that should be told with {word!r} was told as {wrong}")
    print(f"{len(objects)} objects fit Kubernetes {' and '.join(VERSIONS)} and the rules; {len(MISTAKES)} mistakes were found")


if __name__ == "__main__":
    main()
