#!/usr/bin/python3
"""A device in Python, written from device-protocol/PROTOCOL.md and its schema alone (section numbers below are its).
Takes part in split-trust rounds of a model of two layers sizes ("mlp:A-C"); says on standard output what it does, a line
each. Runs with the system's python3, which has cryptography and protobuf."""
import argparse
import gzip
import hashlib
import hmac
import json
import math
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.integration.psk_mqtt import Lost, Session  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
T = "tributary/v1/"
PROTOCOL_VERSION = 4


def schema():
    """The messages of proto/tributary.proto."""
    with tempfile.TemporaryDirectory() as folder:
        source = ROOT / "device-protocol/proto"
        subprocess.run(["protoc", f"-I{source}", f"--python_out={folder}", str(source / "tributary.proto")], check=True)
        sys.path.insert(0, folder)
        import tributary_pb2
        return tributary_pb2


pb = schema()


# ---- 1 Notation
def lp(data):
    return struct.pack("<I", len(data)) + data


def u32(*numbers):
    return struct.pack(f"<{len(numbers)}I", *numbers)


def pieces(label, parts):
    return lp((T + label).encode()) + b"".join(map(lp, parts))


def H(label, *parts):
    return hashlib.sha256(pieces(label, parts)).digest()


def KDF(key, label, *parts):
    return hmac.new(key, pieces(label, parts), hashlib.sha256).digest()


def MAC16(key, label, *parts):
    return KDF(key, label, *parts)[:16]


def raw(public):
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def keystream(key, size):
    return Cipher(algorithms.ChaCha20(key, bytes(16)), None).encryptor().update(bytes(size))


# ---- 3 Signed messages
def to_sign(label, body):
    return lp(f"{T}sig/{label}".encode()) + lp(H(label, body))


def holds(label, body, signature, key):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, to_sign(label, body))
        return True
    except InvalidSignature:
        return False


def parse(kind, data):
    message = kind()
    message.ParseFromString(data)
    return message


def session(seconds, *arguments):
    """A session with the broker, which may not know this identity for some seconds yet."""
    end = time.monotonic() + seconds
    while True:
        try:
            return Session(*arguments)
        except Lost:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


# ---- 12 Enrolment
def enrol(arguments):
    """Turns the claim into an identity, in place of the file --identity names."""
    claim = parse(pb.ClaimIdentity, Path(arguments.claim).read_bytes())
    name = f"claim-{claim.device_id.hex()}"
    key = Ed25519PrivateKey.generate()  # kept in memory: a reset of this test device would need a new claim
    public = raw(key.public_key())
    request = pb.ClaimRequest(device_id=claim.device_id, public_key=public).SerializeToString()
    said = pb.Claim(mac=MAC16(KDF(claim.claim_secret, "claim-key"), "claim", request))
    said.request.body, said.request.signature = request, key.sign(to_sign("claim", request))
    mqtt = session(15, arguments.port, name, claim.claim_secret)
    mqtt.subscribe(f"{T}claim/{name}/down")
    end, last = time.monotonic() + arguments.seconds, None
    while time.monotonic() < end:
        mqtt.publish(f"{T}claim/{name}/up", said.SerializeToString())
        message = mqtt.next(2)
        if message is None:
            continue
        answer = parse(pb.ClaimAnswer, message[1])
        if (answer.state, answer.reason) != last:
            last = (answer.state, answer.reason)
            print(json.dumps({"event": pb.ClaimState.Name(answer.state).lower(), "reason": pb.ClaimRefusal.Name(answer.reason)}), flush=True)
        if answer.state == pb.CLAIM_ACTIVE:
            break
        time.sleep(1)
    mqtt.close()
    certificate = parse(pb.Certificate, answer.certificate.body)
    if not (holds("cert", answer.certificate.body, answer.certificate.signature, claim.authority_key)
            and certificate.subject_id == claim.device_id and certificate.public_key == public
            and certificate.gateway_id == claim.gateway_id and certificate.tenant == claim.tenant):
        raise SystemExit("the certificate is not for this claim")
    identity = pb.DeviceIdentity(
        tenant=claim.tenant, device_id=claim.device_id, gateway_id=claim.gateway_id, certificate=answer.certificate,
        identity_seed=key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()), authority_key=claim.authority_key,
        coordinator_key=claim.coordinator_key, mqtt_psk=KDF(claim.claim_secret, "mqtt-psk", claim.device_id, public),
        n_min_floor=claim.n_min_floor, clip_l2_cap=claim.clip_l2_cap, trust_gateway=claim.trust_gateway,
        noise_floor=claim.noise_floor, participation_cap=claim.participation_cap, device_noise_floor=claim.device_noise_floor)
    Path(arguments.identity).write_bytes(identity.SerializeToString())
    Path(arguments.claim).unlink()


class Device:
    def __init__(self, arguments):
        self.args = arguments
        self.me = parse(pb.DeviceIdentity, Path(arguments.identity).read_bytes())
        self.id = self.me.device_id
        self.key = Ed25519PrivateKey.from_private_bytes(self.me.identity_seed)
        self.boot, self.session_number, self.told = os.urandom(8), 0, None
        self.state_file = Path(arguments.state)
        self.state = json.loads(self.state_file.read_text()) if self.state_file.exists() else {
            "epoch_secret": os.urandom(32).hex(), "counter": 0, "rounds": {}, "settings": ""}
        self.save()
        self.exchange = X25519PrivateKey.from_private_bytes(bytes.fromhex(self.state["epoch_secret"]))
        certificate = parse(pb.Certificate, self.me.certificate.body)
        self.epoch_body = pb.EpochKey(subject_id=self.id, role=pb.ROLE_DEVICE, epoch=1, public_key=raw(self.exchange.public_key()),
                                      not_after=certificate.not_after).SerializeToString()
        self.parties, self.joined, self.round, self.receipts = {}, False, None, 0
        self.settings = parse(pb.Settings, bytes.fromhex(self.state["settings"]))
        self.examples = self.load_examples()

    # Persist before you speak.
    def save(self):
        fresh = self.state_file.with_suffix(".new")
        with open(fresh, "w") as file:
            json.dump(self.state, file)
            file.flush()
            os.fsync(file.fileno())
        os.rename(fresh, self.state_file)

    def load_examples(self):
        rows = []
        with gzip.open(self.args.digits, "rt") as lines:
            for number, line in enumerate(lines):
                if number % 20 == 3:
                    *pixels, label = map(float, line.split(","))
                    rows.append(([pixel / 16 for pixel in pixels], int(label)))
        return rows

    def say(self, what, **more):
        print(json.dumps({"event": what, **more}), flush=True)

    def topic(self, tail):
        return f"{T}device/{self.id.hex()}/{tail}"

    def send(self, kind, message):
        self.mqtt.publish(self.topic(f"up/{kind}"), message.SerializeToString())

    # ---- 2 and 9: joining
    def connect(self):
        self.session_number += 1
        will = pb.DeviceState(state=pb.LIFE_LOST, boot_id=self.boot, session=self.session_number).SerializeToString()
        self.mqtt = session(15, self.args.port, self.id.hex(), self.me.mqtt_psk, (self.topic("up/state"), will))
        self.told = None
        self.tell_state()
        self.mqtt.subscribe(self.topic("down/+"), T + "site/keys")
        self.hello()
        self.mqtt.subscribe(T + "site/offer/+")
        if self.settings.version:
            self.report()

    def hello(self):
        hello = pb.Hello(protocol_version=PROTOCOL_VERSION, firmware="python")
        hello.key.certificate.CopyFrom(self.me.certificate)
        hello.key.epoch_key.body = self.epoch_body
        hello.key.epoch_key.signature = self.key.sign(to_sign("epoch-key", self.epoch_body))
        self.send("hello", hello)

    # 11.3
    def tell_state(self):
        held = pb.HELD_BACK_PAUSED if self.settings.pause else pb.HELD_BACK_NONE
        state = pb.DeviceState(state=pb.LIFE_READY if self.joined else pb.LIFE_INIT, boot_id=self.boot,
                               session=self.session_number, held_back=held, firmware="python").SerializeToString()
        if state != self.told:
            self.mqtt.publish(self.topic("up/state"), state, retain=True)
            self.told = state

    # 11.2
    def on_settings(self, payload):
        message = parse(pb.Signed, payload)
        gateway = next((p for p in self.parties.values() if p["role"] == pb.ROLE_GATEWAY), None)
        if gateway is None or not holds("settings", message.body, message.signature, gateway["verify"]):
            return
        settings = parse(pb.Settings, message.body)
        if settings.device_id != self.id:
            return
        if settings.version > self.settings.version:
            if settings.min_battery or settings.min_link or settings.mains_only:  # nothing of that can be measured here
                field = "min_battery" if settings.min_battery else "min_link" if settings.min_link else "mains_only"
                return self.report(settings.version, pb.Settings.DESCRIPTOR.fields_by_name[field].number)
            self.state["settings"] = message.body.hex()
            self.save()
            resumed = self.settings.pause and not settings.pause
            self.settings = settings
            if resumed:
                self.mqtt.subscribe(T + "site/offer/+")
            self.tell_state()
        self.report()

    def report(self, rejected=0, field=0):
        self.send("settings", pb.SettingsReport(version=self.settings.version, boot_id=self.boot, rejected_version=rejected,
                                                rejected_field=field, reason=pb.SETTINGS_UNSUPPORTED if rejected else 0))

    # 3: SiteKeys
    def on_keys(self, payload):
        for certified in parse(pb.SiteKeys, payload).keys:
            certificate = parse(pb.Certificate, certified.certificate.body)
            key = parse(pb.EpochKey, certified.epoch_key.body)
            if not (holds("cert", certified.certificate.body, certified.certificate.signature, self.me.authority_key)
                    and holds("epoch-key", certified.epoch_key.body, certified.epoch_key.signature, certificate.public_key)
                    and certificate.tenant == self.me.tenant and certificate.role == key.role
                    and certificate.subject_id == key.subject_id and key.role in (pb.ROLE_GATEWAY, pb.ROLE_HELPER)
                    and (key.role == pb.ROLE_HELPER or key.subject_id == self.me.gateway_id)
                    and time.time() < min(certificate.not_after, key.not_after)):
                continue
            shared = self.exchange.exchange(X25519PublicKey.from_public_bytes(key.public_key))
            parts = [raw(self.exchange.public_key()), key.public_key, self.id, key.subject_id, u32(key.epoch)]
            if self.me.pair_psk:
                parts.append(self.me.pair_psk)
            self.parties[(key.subject_id, key.epoch, key.role)] = {
                "pair": KDF(shared, "pair-key", *parts), "verify": certificate.public_key, "operator": certificate.operator,
                "role": key.role}
        self.mqtt.subscribe(self.topic("down/settings"))
        self.mqtt.subscribe(T + "site/offer/+")

    def on_welcome(self, payload):
        if parse(pb.Welcome, payload).epoch_key_hash == H("epoch-key", self.epoch_body):
            if not self.joined:
                self.say("joined")
            self.joined = True
            self.tell_state()

    # ---- 9: rules for an offer; why it is passed over, or None
    def refusal(self, context, ctx_hash):
        encoding = context.encoding
        helpers = [self.parties.get((h.helper_id, h.epoch, pb.ROLE_HELPER)) for h in context.helpers]
        rules = {
            "version": context.minimum_reader_version <= PROTOCOL_VERSION,
            "tenant": context.tenant == self.me.tenant, "gateway": context.gateway_id == self.me.gateway_id,
            "model": context.model == self.args.model and context.parameters == self.parameters(),
            "mode": context.mode == pb.TRUST_MODE_SPLIT_TRUST and 1 <= len(helpers) <= 3,
            "keys": all(helpers) and (context.gateway_id, context.gateway_epoch, pb.ROLE_GATEWAY) in self.parties,
            "operators": len({h["operator"] for h in helpers if h}) == len(helpers),
            "cap": not self.me.participation_cap or self.state["counter"] < self.me.participation_cap,
            "noise": not context.privacy.noise_multiplier and not context.privacy.device_noise
                     and self.me.noise_floor <= 0 and self.me.device_noise_floor <= 0,
            "subset": not context.HasField("subset"), "scope": context.scope == pb.SCOPE_GATEWAY and not context.scope_id,
            "floors": context.n_min >= self.me.n_min_floor
                      and (not self.me.clip_l2_cap or encoding.clip_l2 <= self.me.clip_l2_cap),
            "encoding": encoding.ring_bits == 32 and not encoding.rotated and encoding.canary_words >= 4,
            "stale": context.round > self.state["rounds"].get(context.task_id.hex(), 0), "late": time.time() < context.deadline,
            "selected": struct.unpack("<I", H("select", ctx_hash, self.id)[:4])[0] <= context.participation_threshold,
            "training": context.training.local_steps >= 1 and context.training.batch_size >= 1,
            "chunks": context.chunk_bytes % 48 == 0 and 48 <= context.chunk_bytes <= 262128}
        return next((rule for rule, kept in rules.items() if not kept), None)

    def parameters(self):
        inputs, classes = self.sizes()
        return inputs * classes + classes

    def sizes(self):
        return tuple(map(int, self.args.model.removeprefix("mlp:").split("-")))

    def on_offer(self, payload):
        if not payload or not self.joined or self.settings.pause:
            return
        offer = parse(pb.Offer, payload)
        if not holds("ctx", offer.context, offer.signature, self.me.coordinator_key):
            return self.say("forged offer")
        ctx_hash, context = H("ctx", offer.context), parse(pb.RoundContext, offer.context)
        if self.round and self.round["context"].round >= context.round:
            return
        why = self.refusal(context, ctx_hash)
        if why:
            return self.say("passed over", round=context.round, rule=why)
        self.round = {"ctx": ctx_hash, "context": context, "model": {}, "nonce": None}
        self.mqtt.subscribe(f"{T}site/model/{context.model_hash.hex()}/+")

    # ---- 4.1
    def on_model(self, payload):
        version, kind, zero, tag, index, total = struct.unpack("<BBH8sII", payload[:20])
        round_ = self.round
        if not round_ or round_["nonce"] or (version, kind, zero) != (1, 2, 0) or tag != round_["context"].model_hash[:8]:
            return
        round_["model"][index] = payload[20:]
        if len(round_["model"]) < total:
            return
        data = b"".join(round_["model"][i] for i in range(total))
        self.mqtt.unsubscribe(f"{T}site/model/{round_['context'].model_hash.hex()}/+")
        if H("model", data) != round_["context"].model_hash:
            self.round = None
            return self.say("wrong model")
        self.train(list(struct.unpack(f"<{len(data) // 4}f", data)))
        self.prepare_upload()

    # ---- 5: a linear classifier; layout of parameters: per output row its weights, then the biases
    def train(self, weights):
        context, training = self.round["context"], self.round["context"].training
        steps = min(training.local_steps, self.settings.local_steps or training.local_steps)
        initial, (inputs, classes) = list(weights), self.sizes()
        chance, loss, correct, seen = random.Random(self.round["ctx"]), 0.0, 0, 0
        for _ in range(steps):
            batch = chance.sample(self.examples, min(training.batch_size, len(self.examples)))
            gradient, batch_loss = [0.0] * len(weights), 0.0
            for pixels, label in batch:
                scores = [sum(map(lambda a, b: a * b, weights[c * inputs:(c + 1) * inputs], pixels)) + weights[inputs * classes + c]
                          for c in range(classes)]
                top = max(scores)
                parts = [math.exp(score - top) for score in scores]
                whole = sum(parts)
                batch_loss += math.log(whole) - (scores[label] - top)
                correct, seen = correct + (scores.index(top) == label), seen + 1
                for c in range(classes):
                    slope = (parts[c] / whole - (c == label)) / len(batch)
                    gradient[inputs * classes + c] += slope
                    for i, pixel in enumerate(pixels):
                        if pixel:
                            gradient[c * inputs + i] += slope * pixel
            norm = math.sqrt(sum(g * g for g in gradient))
            scale = training.clipping_norm / norm if 0 < training.clipping_norm < norm else 1
            weights = [w - training.learning_rate * scale * g for w, g in zip(weights, gradient)]
            loss += batch_loss / len(batch)
        encoding = context.encoding
        limit = min(encoding.clip_l2, self.settings.clip or encoding.clip_l2) * (1 - 1e-6)
        delta = [max(-encoding.clip_inf, min(encoding.clip_inf, w - i)) for w, i in zip(weights, initial)]
        norm = math.sqrt(sum(d * d for d in delta))
        self.encode([d * min(1, limit / norm) if norm else d for d in delta], loss / steps, correct / seen)

    # ---- 6
    def encode(self, delta, loss, accuracy):
        encoding = self.round["context"].encoding
        one = 2.0 ** encoding.weight_scale_log2
        weight = max(1, int(one * min(1, len(self.examples) / encoding.weight_examples_cap)))
        scale = 2.0 ** encoding.scale_log2
        model = [int(scale * (weight / one) * d) for d in delta]
        if max(map(abs, model)) > math.floor(scale * encoding.clip_inf) or \
                sum(q * q for q in model) > math.floor((scale * encoding.clip_l2) ** 2):
            raise ValueError("the update breaks its bounds")
        self.round["words"] = model + [weight, int(weight * min(loss, encoding.loss_cap) / encoding.loss_cap),
                                       int(weight * accuracy)] + [0] * encoding.canary_words

    # ---- 7
    def prepare_upload(self):
        round_, context = self.round, self.round["context"]
        # The counter with the round's number, before the nonce is used; this device keeps the vector in memory only:
        # after a reset the round is over for it.
        self.state["counter"] += 1
        self.state["rounds"][context.task_id.hex()] = context.round
        self.save()
        nonce = struct.pack("<Q", self.state["counter"]) + os.urandom(8)
        named = (round_["ctx"], self.id, nonce)
        words = round_["words"]
        if self.args.true_sums:
            folder = Path(self.args.true_sums) / round_["ctx"].hex()
            folder.mkdir(parents=True, exist_ok=True)
            (folder / self.id.hex()).write_bytes(struct.pack(f"<{len(words)}i", *words))
        masked = [word & 0xffffffff for word in words]
        round_["tickets"] = []
        helpers = [self.parties[(h.helper_id, h.epoch, pb.ROLE_HELPER)]["pair"] for h in context.helpers]
        for pair in helpers:
            mask = struct.unpack(f"<{len(words)}I", keystream(KDF(pair, "seed", *named), 4 * len(words)))
            masked = [(y + m) & 0xffffffff for y, m in zip(masked, mask)]
        data = struct.pack(f"<{len(words)}I", *masked)
        gateway = self.parties[(context.gateway_id, context.gateway_epoch, pb.ROLE_GATEWAY)]["pair"]
        upload_key, size = KDF(gateway, "upload-key", *named), context.chunk_bytes
        total = -(-len(data) // size)
        chunks, tags = [], b""
        for i in range(total):
            aad = lp((T + "chunk").encode()) + lp(round_["ctx"]) + lp(self.id) + lp(u32(i, total)) + lp(bytes([context.encoding.ring_bits]))
            sealed = ChaCha20Poly1305(upload_key).encrypt(u32(i) + bytes(8), data[i * size:(i + 1) * size], aad)
            chunks.append(struct.pack("<BBH8s16sII", 1, 1, 0, round_["ctx"][:8], nonce, i, total) + sealed)
            tags += sealed[-16:]
        digest = H("upload", *named, tags)
        round_.update(nonce=nonce, chunks=chunks, digest=digest, gateway=gateway, named=named,
                      tickets=[MAC16(KDF(pair, "ticket-key"), "ticket", *named, digest) for pair in helpers])
        self.repeat = lambda: self.send("request", pb.UploadRequest(ctx_hash=round_["ctx"], nonce=nonce, total=total))
        self.repeat()

    def on_credit(self, payload):
        credit, round_ = parse(pb.Credit, payload), self.round
        if not round_ or credit.nonce != round_["nonce"] or credit.ctx_hash != round_["ctx"]:
            return
        for granted in credit.ranges:
            for index in range(granted.first, granted.first + granted.count):
                self.mqtt.publish(self.topic("up/chunk"), round_["chunks"][index])
        if not credit.ranges:
            self.repeat = lambda: self.send("header", pb.UploadHeader(
                ctx_hash=round_["ctx"], nonce=round_["nonce"], total=len(round_["chunks"]), digest=round_["digest"],
                tickets=round_["tickets"]))
        self.repeat()

    def on_receipt(self, payload):
        receipt, round_ = parse(pb.Receipt, payload), self.round
        if not round_ or receipt.nonce != round_["nonce"] or receipt.digest != round_["digest"]:
            return
        if hmac.compare_digest(receipt.mac, MAC16(KDF(round_["gateway"], "receipt-key"), "receipt", *round_["named"], receipt.digest)):
            self.receipts += 1
            self.say("receipt", round=round_["context"].round, ctx=round_["ctx"].hex())
            self.round = None

    def on_reject(self, payload):
        reject = parse(pb.Reject, payload)
        self.say("reject", reason=pb.RejectReason.Name(reject.reason))
        if self.round and reject.nonce == self.round["nonce"] and not reject.retry_after_seconds:
            self.round = None

    # ---- 9
    def run(self):
        handlers = {"welcome": self.on_welcome, "credit": self.on_credit, "receipt": self.on_receipt, "reject": self.on_reject,
                    "settings": self.on_settings}
        self.connect()
        self.say("connected", device=self.id.hex(), boot=self.boot.hex())
        end, wait = time.monotonic() + self.args.seconds, 2
        while time.monotonic() < end and self.receipts < self.args.receipts:
            message = self.mqtt.next(wait)
            if message is None:
                wait = min(64, 2 * wait)
                if not self.joined:
                    self.hello()
                elif self.round and self.round["nonce"]:
                    self.repeat()
                continue
            topic, payload, _ = message
            wait = 2
            if topic == T + "site/keys":
                self.on_keys(payload)
            elif topic.startswith(T + "site/offer/"):
                self.on_offer(payload)
            elif topic.startswith(T + "site/model/"):
                self.on_model(payload)
            elif topic.startswith(self.topic("down/")):
                handlers.get(topic.rsplit("/", 1)[1], lambda _: None)(payload)
        self.mqtt.publish(self.topic("up/state"), pb.DeviceState(
            state=pb.LIFE_DISCONNECTED, boot_id=self.boot, session=self.session_number, firmware="python").SerializeToString(), retain=True)
        self.mqtt.close()
        return 0 if self.receipts >= self.args.receipts else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--identity", required=True)
    parser.add_argument("--claim", help="file with a claim to enrol with first; --identity is written then")
    parser.add_argument("--state", required=True, help="file for what must survive")
    parser.add_argument("--port", type=int, required=True, help="of the broker on this machine")
    parser.add_argument("--model", default="mlp:64-10")
    parser.add_argument("--digits", required=True, help="digits.csv.gz: a twentieth of it is this device's data")
    parser.add_argument("--true-sums", help="folder for unmasked vectors, for tests")
    parser.add_argument("--receipts", type=int, default=1, help="contributions to make")
    parser.add_argument("--seconds", type=float, default=120)
    arguments = parser.parse_args()
    try:
        if arguments.claim:
            enrol(arguments)
        return Device(arguments).run()
    except Lost as lost:
        print(json.dumps({"event": "lost", "why": str(lost)}), flush=True)
        return 1


if __name__ == "__main__":
    sys.exit(main())
